'use strict';

// The parts `musl` and `macos`: what can be said of those binaries where no Node
// of their system runs.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { headers, root } = require('../../scripts/tools');
const { installDebian } = require('./install');

const ENTRY_POINTS = ['napi_register_module_v1',
  'node_api_module_get_api_version_v1'];
const OF_NODE = /^(napi|node_api|uv)_/;

function output(program, ...args) {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
}

function binaryFor(name) {
  return path.join(root, 'prebuilds', name, 'uvnet.node');
}

// The names after "UND" in an ELF file's table of dynamic symbols.
function undefinedSymbols(file) {
  return [...output('readelf', '--dyn-syms', '-W', file)
    .matchAll(/ UND (\w+)/g)].map(([, name]) => name);
}

// With these in place of Node's functions a program of musl loads the binary,
// and finds all that it wants of the C library.
function loader(names) {
  return `#include <dlfcn.h>
#include <stdio.h>
${names.map((name) => `void ${name}(void) {}`).join('\n')}
int main(int count, char **files) {
  void *library = count > 1 ? dlopen(files[1], RTLD_NOW) : NULL;
  int (*version)(void) = NULL;

  if (library == NULL) {
    puts(dlerror());
    return 1;
  }
  *(void **)&version = dlsym(library, "${ENTRY_POINTS[1]}");
  printf("N-API %d\\n", version());
  return dlsym(library, "${ENTRY_POINTS[0]}") == NULL;
}
`;
}

function loads(file, folder) {
  const source = path.join(folder, 'load.c');
  const program = path.join(folder, 'load');
  fs.writeFileSync(source,
    loader(undefinedSymbols(file).filter((name) => OF_NODE.test(name))));
  output('musl-gcc', '-rdynamic', '-o', program, source);
  const { status, stdout } = spawnSync(program, [file], { encoding: 'utf8' });
  return status === 0 ? [] : [{ what: `does not load: ${stdout.trim()}` }];
}

function elfProblems(name) {
  const problems = [];
  const file = binaryFor(name);
  const needed = [...output('readelf', '-dW', file)
    .matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
  if (needed.join() !== 'libc.so') {
    problems.push({ file: name, what: `needs ${needed.join(', ')}` });
  }
  if (/GLIBC/.test(output('readelf', '-VW', file))) {
    problems.push({ file: name, what: 'needs versions of glibc\'s symbols' });
  }
  return problems;
}

async function musl({ folder }) {
  installDebian({ 'musl-gcc': 'musl-tools', 'readelf': 'binutils' });
  const problems = ['linux-x64-musl', 'linux-arm64-musl'].flatMap(elfProblems);
  problems.push(...loads(binaryFor('linux-x64-musl'), folder));
  const { status } = spawnSync('sh', ['test/c/run.sh'], {
    cwd: root,
    env: { ...process.env, CC: 'musl-gcc', UNSANITIZED: '1',
      NODE_INCLUDE: headers() },
    stdio: 'inherit',
  });
  if (status !== 0) problems.push({ what: `C units: exit code ${status}` });
  return { problems, summary: '2 binaries, one of them loaded, and C units' };
}

function sameNames(actual, expected) {
  return [...actual].sort().join() === [...expected].sort().join();
}

function machProblems(name, machine) {
  const file = binaryFor(name);
  const problems = [];
  const expect = (ok, what) => { if (!ok) problems.push({ file: name, what }); };
  const header = output('llvm-objdump', '--macho', '--private-headers', file);
  expect(new RegExp(`MH_MAGIC_64 +${machine} `).test(header), 'architecture');
  expect(/platform macos\s.*\s*minos 11\.0\s/.test(header), 'oldest system');
  const libraries = [...header.matchAll(/LC_LOAD_DYLIB\n.*\n +name (\S+)/g)];
  expect(libraries.map((match) => match[1]).join() ===
    '/usr/lib/libSystem.B.dylib', 'libraries');
  // Where it is WEAK_DEFINES, its functions may take the place of Node's.
  expect(!/WEAK_DEFINES|BINDS_TO_WEAK/.test(header), 'weak definitions');
  expect(machine !== 'ARM64' || header.includes('LC_CODE_SIGNATURE'),
    'no signature');
  const exported = [...output('llvm-objdump', '--macho', '--exports-trie', file)
    .matchAll(/^0x\w+ +_(\w+)/gm)].map((match) => match[1]);
  // Zig's linker exports the functions of all its objects too.
  expect(sameNames(exported.filter((symbol) => OF_NODE.test(symbol)),
    ENTRY_POINTS), 'exports');
  for (const line of output('llvm-nm', '-m', '-u', file).trim().split('\n')) {
    const [, symbol, where] = /external _?(\w+) \((.*)\)/.exec(line) ?? [];
    expect(where === 'from libSystem' || OF_NODE.test(symbol),
      `wants ${symbol ?? line}`);
  }
  return problems;
}

function macBinaries() {
  installDebian({ 'llvm-objdump': 'llvm' });
  return [...machProblems('darwin-x64', 'X86_64'),
    ...machProblems('darwin-arm64', 'ARM64')];
}

module.exports = { macBinaries, musl };
