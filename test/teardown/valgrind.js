'use strict';

// Runs a program under valgrind and reads what it found. Node has errors and
// leaks of its own, so only those count that the addon has a part in.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ADDON = 'uvnet.node';

// One error's kind and its functions, the innermost first.
function describe(error) {
  const all = (tag) => [...error.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'g'))]
    .map(([, text]) => text);
  return `${all('kind')[0]}: ${all('what')[0] ?? all('text')[0]}\n  ${ 
    all('fn').slice(0, 12).join('\n  ')}`;
}

class Valgrind {
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-'));
  #file = path.join(this.#folder, 'report.xml');

  // The binary stays known after the thread that loaded it has ended.
  get prefix() {
    return ['valgrind', '--quiet', '--leak-check=full',
      '--show-leak-kinds=definite', '--num-callers=40', '--error-limit=no',
      '--keep-debuginfo=yes', '--smc-check=all-non-file', '--xml=yes',
      `--xml-file=${this.#file}`];
  }

  /** Of V8's own code valgrind knows little. */
  get flags() { return ['--jitless', '--no-expose-wasm']; }

  /** { all, own }: how many errors there were, and texts of ours. */
  report() {
    const text = fs.readFileSync(this.#file, 'utf8');
    fs.rmSync(this.#folder, { recursive: true, force: true });
    const errors = text.split('<error>').slice(1);
    if (!text.includes('</valgrindoutput>')) errors.push(`${ADDON}: no report`);
    return { all: errors.length, own: errors.filter(
      (error) => error.includes(ADDON)).map(describe) };
  }
}

module.exports = { Valgrind };
