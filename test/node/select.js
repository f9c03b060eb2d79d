#!/usr/bin/env node
'use strict';

// Makes the lists of sets/ for one version of Node: the files of its suite that
// the rules take, less those that core itself does not pass here.

const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { parseArgs } = require('util');
const { readManifest } = require('./manifest.js');
const { RULES, listOf, readSet, suiteMajor } = require('./sets.js');
const { getSuite } = require('./suite.js');

const HELP = `Usage: node test/node/select.js [options]

Prints how the lists of sets/ would change for a version of Node.

  --set NAME,...  which sets (default: all)
  --suite PATH    directory that holds Node's test/
  --node PATH     node binary whose core must pass a file (default: this one)
  --jobs N        files of parallel/ at the same time (default: processors)
  --any           with the files that core does not pass, without running any
  --write         write the lists
  --help          this text
`;
const OPTIONS = {
  'set': { type: 'string', default: Object.keys(RULES).join(',') },
  'suite': { type: 'string' },
  'node': { type: 'string', default: process.execPath },
  'jobs': { type: 'string', default: String(os.availableParallelism()) },
  'any': { type: 'boolean' },
  'write': { type: 'boolean' },
  'help': { type: 'boolean' },
};
const FOLDERS = [
  'async-hooks', 'known_issues', 'parallel', 'pummel', 'report', 'sequential',
];

function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Name and text of each test file of a suite. */
function testFiles(root) {
  return FOLDERS.flatMap((folder) => {
    const dir = path.join(root, 'test', folder);
    return fs.readdirSync(dir).filter((name) => /^test-.*\.m?js$/.test(name))
      .sort().map((name) => ({
        file: `${folder}/${name}`,
        source: fs.readFileSync(path.join(dir, name), 'utf8'),
      }));
  });
}

/** What core does with the files: their status by name. */
function statuses(files, { node, jobs }, root) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uvn-select-'));
  const json = path.join(dir, 'results.json');
  try {
    spawnSync(process.execPath, [
      path.join(__dirname, 'run.js'), '--core', '--node', node, '--suite', root,
      '--jobs', jobs, '--json', json, ...files,
    ], { stdio: 'inherit' });
    const { results } = JSON.parse(fs.readFileSync(json, 'utf8'));
    return new Map(results.map(({ file, status }) => [file, status]));
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

/** A file that core passes, or skips for something that machines may have. */
function passesOnCore(options, root, files) {
  if (options.any) return () => true;
  const version = execFileSync(options.node, ['-p', 'process.versions.node'],
                               { encoding: 'utf8' });
  const manifest = readManifest(parseInt(version, 10));
  const byFile = statuses([...new Set(files)], options, root);
  return (file) => byFile.get(file) === 'pass' ||
    (byFile.get(file) === 'skip' && manifest[file]?.core === 'skip');
}

function printChanges(name, before, after) {
  say(`${name}: ${after.length} files, ${before.length} before`);
  for (const file of after) if (!before.includes(file)) say(`  + ${file}`);
  for (const file of before) if (!after.includes(file)) say(`  - ${file}`);
}

function writeList(name, major, files) {
  const list = listOf(name, major);
  fs.mkdirSync(path.dirname(list), { recursive: true });
  fs.writeFileSync(list, `${files.join('\n')}\n`);
}

function main() {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) return say(HELP);
  const version = execFileSync(options.node, ['-p', 'process.versions.node'],
                               { encoding: 'utf8' }).trim();
  const root = getSuite({ path: options.suite, version, log: say });
  const major = suiteMajor(root, parseInt(version, 10));
  const all = testFiles(root);
  const sets = options.set.split(',').map((name) => [
    name, all.filter(({ file, source }) => RULES[name](file, source))
      .map(({ file }) => file),
  ]);
  const passes = passesOnCore(options, root, sets.flatMap(([, files]) => files));
  for (const [name, files] of sets) {
    const chosen = files.filter(passes);
    printChanges(name, readSet(name, major) ?? [], chosen);
    if (options.write) writeList(name, major, chosen);
  }
  return undefined;
}

main();
