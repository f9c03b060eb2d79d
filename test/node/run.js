#!/usr/bin/env node
'use strict';

// Runs Node's own test files on uvnet: see README.md in this folder.

const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { parseArgs } = require('util');
const { addCounters, killAll, makeWorkDir, runFile } = require('./exec.js');
const { ensureLocalhost6 } = require('./hosts.js');
const { findProblems, readManifest } = require('./manifest.js');
const {
  Progress, isBad, printControl, printSummary, say,
} = require('./report.js');
const { readSet, suiteMajor } = require('./sets.js');
const { getSuite } = require('./suite.js');

const HELP = `Usage: node test/node/run.js [options] [FILES...]

Runs files of Node's own test suite on uvnet, unmodified. FILES are names such
as parallel/test-net-binary.js; without any, the files of the set.

  --set NAME,...     which sets, from sets/MAJOR/NAME.txt (default: net)
  --filter TEXT      only files whose name contains TEXT
  --suite PATH       directory that holds Node's test/ (or UVNET_NODE_SUITE)
  --node PATH        node binary to test (default: this one)
  --jobs N           files of parallel/ at the same time (default: processors)
  --timeout SECONDS  for each file (default: 120, pummel/ 300)
  --repeat N         run everything N times and report flaky files
  --core             on core net, without uvnet
  --like-core        on both: what passes on core must pass on uvnet
  --control          on a net without sockets: nearly all files must fail
  --json FILE        write all results to FILE
  --help             this text

Exit code: 0 if all is as manifest.json expects, else 1.
`;
const OPTIONS = {
  'set': { type: 'string', default: 'net' },
  'filter': { type: 'string' },
  'suite': { type: 'string' },
  'node': { type: 'string', default: process.execPath },
  'jobs': { type: 'string', default: String(os.availableParallelism()) },
  'timeout': { type: 'string' },
  'repeat': { type: 'string', default: '1' },
  'core': { type: 'boolean' },
  'like-core': { type: 'boolean' },
  'control': { type: 'boolean' },
  'json': { type: 'string' },
  'help': { type: 'boolean' },
};
// How much of a set must fail without sockets for the set to prove something.
const MUST_FAIL = { 'net': 150 / 164, 'uses-net': 230 / 276 };
const TIMEOUTS = { pummel: 300 };
const DEFAULT_TIMEOUT = 120;

class UsageError extends Error {}

function positive(name, text, parse = parseInt) {
  const value = parse(text, 10);
  if (!(value > 0)) throw new UsageError(`--${name} wants a positive number`);
  return value;
}

function parseCommandLine() {
  let parsed;
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (err) {
    throw new UsageError(err.message);
  }
  const { values, positionals } = parsed;
  const modes = ['core', 'like-core', 'control'];
  if (modes.filter((name) => values[name]).length > 1) {
    throw new UsageError('--core, --like-core and --control exclude each other');
  }
  return {
    ...values,
    names: positionals,
    mode: values.core ? 'core' : values.control ? 'control' : 'uvnet',
    jobs: positive('jobs', values.jobs),
    repeat: positive('repeat', values.repeat),
    timeout: values.timeout && positive('timeout', values.timeout, parseFloat),
  };
}

/** A file as the user names it, as 'directory/name' inside test/. */
function fileName(name, root) {
  const absolute = path.resolve(name);
  const inside = path.relative(path.join(root, 'test'), absolute);
  if (fs.existsSync(absolute) && !inside.startsWith('..')) return inside;
  return name.replace(/^(\.\/)?(test\/)?/, '');
}

function filesOfSets(names, root, version) {
  const major = suiteMajor(root, parseInt(version, 10));
  const files = names.split(',').flatMap((name) => {
    const set = readSet(name, major);
    if (!set) throw new UsageError(`no set named ${name}`);
    return set;
  });
  return [...new Set(files)];
}

function selectFiles(options, root, version) {
  const { names, filter } = options;
  const all = names.length > 0 ? names.map((name) => fileName(name, root)) :
    filesOfSets(options.set, root, version);
  const files = filter ? all.filter((name) => name.includes(filter)) : all;
  if (files.length === 0) throw new UsageError('no file is selected');
  return files;
}

function preloadOf(mode) {
  if (mode === 'core') return undefined;
  if (mode === 'control') return path.join(__dirname, 'control.js');
  require.resolve('../../lib/register.js');
  return path.join(__dirname, 'preload.js');
}

function makeJob(file, slot, context) {
  const directory = file.split('/')[0];
  const seconds = context.options.timeout ||
    TIMEOUTS[directory] || DEFAULT_TIMEOUT;
  return {
    file,
    slot,
    root: context.root,
    node: context.options.node,
    preload: context.preload,
    env: context.env,
    workDir: context.workDir,
    timeout: seconds * 1000,
  };
}

/** Takes files off the queue in each of `width` slots until it is empty. */
async function drain(files, width, context, progress) {
  const queue = [...files];
  const slots = Array.from({ length: width }, async(_, slot) => {
    while (queue.length > 0) {
      progress.add(await runFile(makeJob(queue.shift(), slot, context)));
    }
  });
  await Promise.all(slots);
}

/** One pass over the files: parallel/ first, the others one at a time. */
async function runRound(files, context) {
  const progress = new Progress(files.length, context.quiet);
  const isParallel = (file) => file.startsWith('parallel/');
  try {
    await drain(files.filter(isParallel), context.options.jobs, context,
                progress);
    await drain(files.filter((file) => !isParallel(file)), 1, context,
                progress);
  } finally {
    progress.end();
  }
  const order = new Map(files.map((file, index) => [file, index]));
  return progress.results.sort((a, b) => {
    return order.get(a.file) - order.get(b.file);
  });
}

function findFlaky(results) {
  const byFile = new Map();
  for (const { file, status } of results) {
    if (!byFile.has(file)) byFile.set(file, []);
    byFile.get(file).push(status);
  }
  return [...byFile]
    .filter(([, statuses]) => new Set(statuses).size > 1)
    .map(([file, statuses]) => {
      const passes = statuses.filter((status) => status === 'pass').length;
      return `${file}: ${passes} of ${statuses.length} runs passed`;
    });
}

function sumStats(results) {
  return results.reduce((total, { stats }) => addCounters(total, stats),
                        { processes: 0 });
}

/** A run of a whole set in which no byte went through the addon is void. */
function statsProblem(stats, { mode, names, filter }) {
  if (mode !== 'uvnet' || names.length > 0 || filter) return [];
  const missing = ['handlesOpened', 'bytesRead', 'bytesWritten']
    .filter((name) => !(stats[name] > 0));
  return missing.map((name) => `counter ${name} is zero: uvnet was not used`);
}

function judge(results, { options, manifest }, note) {
  const { mode } = options;
  if (mode === 'control') {
    const failed = results.filter(isBad);
    const needed = Math.ceil(results.length * (MUST_FAIL[options.set] ?? 0));
    printControl({ results, needed });
    return { mode, ok: failed.length >= needed, failed: failed.length };
  }
  const stats = sumStats(results);
  const problems = [
    ...findProblems(results, mode, manifest), ...statsProblem(stats, options)];
  const flaky = findFlaky(results);
  printSummary({ mode, results, flaky, problems, stats, note });
  return { mode, ok: problems.length === 0, stats, flaky, problems };
}

function versionOf(node) {
  return execFileSync(node, ['-p', 'process.versions.node'],
                      { encoding: 'utf8' }).trim();
}

/**
 * The tests of one version refuse to run on another that has more globals;
 * then they are told not to look at them.
 */
function globalsEnv(node, root) {
  const common = path.join(root, 'test', 'common', 'index.js');
  const env = { NODE_TEST_KNOWN_GLOBALS: '0' };
  return spawnSync(node, [common], { stdio: 'ignore' }).status === 0 ? {} : env;
}

/** What core does not pass, uvnet need not pass either. */
async function manifestLikeCore(files, context) {
  say('on core first');
  const results = await runRound(files,
                                 { ...context, preload: undefined, quiet: true });
  const excused = {};
  for (const { file, status } of results) {
    if (status === 'pass') continue;
    excused[file] = { reason: `${status} on core`, mayPass: true };
    say(`${file}: ${status} on core`);
  }
  const count = files.length - Object.keys(excused).length;
  say(`core passes ${count} of ${files.length}; on uvnet`);
  return { ...context.manifest, ...excused };
}

/** Leaves neither a process nor a file behind, however the run ends. */
function cleanUpAtExit(workDir) {
  process.on('exit', () => {
    killAll();
    fs.rmSync(workDir, { recursive: true, force: true });
  });
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
}

async function runAll(options, note) {
  const started = Date.now();
  const version = versionOf(options.node);
  const preload = preloadOf(options.mode);
  const root = getSuite({ path: options.suite, version, log: say });
  const files = selectFiles(options, root, version);
  const workDir = makeWorkDir();
  cleanUpAtExit(workDir);
  say(`${files.length} files of ${root} on Node ${version}, ${options.mode}`);
  const context = {
    options,
    root,
    workDir,
    preload,
    env: globalsEnv(options.node, root),
    manifest: readManifest(parseInt(version, 10)),
    quiet: options.mode === 'control',
  };
  if (options['like-core']) {
    context.manifest = await manifestLikeCore(files, context);
  }
  const results = [];
  for (let round = 1; round <= options.repeat; round++) {
    if (options.repeat > 1) say(`round ${round} of ${options.repeat}`);
    results.push(...await runRound(files, context));
  }
  const summary = judge(results, context, note);
  const seconds = (Date.now() - started) / 1000;
  say(`\n${seconds.toFixed(0)} s: ${summary.ok ? 'ok' : 'NOT ok'}`);
  if (options.json) {
    const all = { version, root, note, seconds, ...summary, results };
    fs.writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  return summary.ok ? 0 : 1;
}

async function main() {
  const options = parseCommandLine();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { exitCode, note } = await ensureLocalhost6();
  return exitCode ?? runAll(options, note);
}

main().then((code) => {
  process.exitCode = code;
}, (err) => {
  const text = err instanceof UsageError ? `${err.message}\n\n${HELP}` :
    `${err.stack}\n`;
  process.stderr.write(text);
  process.exitCode = 1;
});
