'use strict';

// node bundle.js BUNDLER KIND ENTRY FOLDER: makes a bundle as its users would.
// KIND is `external`, `addon` (the binaries go along) or `named` (none does).

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const [bundler, kind, entry, output] = process.argv.slice(2);
const load = createRequire(path.resolve('index.js'));

async function esbuild() {
  await load('esbuild').build({
    entryPoints: [entry],
    outfile: path.join(output, 'main.js'),
    bundle: true,
    platform: 'node',
    external: kind === 'external' ? ['uvnet'] : kind === 'named' ? ['*.node'] : [],
    loader: { '.node': 'copy' },
    logLevel: 'error',
  });
}

function webpack() {
  const externals = kind === 'external' ? { 'uvnet': 'commonjs uvnet',
    'uvnet/register': 'commonjs uvnet/register' } : {};
  const rules = kind === 'addon' ? [{ test: /\.node$/, loader: 'node-loader' }] :
    [{ test: /\.node$/, type: 'asset/resource' }];
  return new Promise((resolve, reject) => {
    load('webpack')({
      mode: 'production',
      target: 'node',
      context: process.cwd(),
      entry: `./${entry}`,
      output: { path: path.resolve(output), filename: 'main.js' },
      externals,
      module: { rules },
    }, (error, stats) => {
      const hasProblem = error || stats.hasErrors() || stats.hasWarnings();
      if (hasProblem) reject(error ?? new Error(stats.toString('errors-warnings')));
      else resolve();
    });
  });
}

// It has no loader for binaries: they are left to require(), and copied.
async function rollup() {
  const commonjs = load('@rollup/plugin-commonjs');
  const { nodeResolve } = load('@rollup/plugin-node-resolve');
  const bundle = await load('rollup').rollup({
    input: entry,
    external: (id) => id.startsWith('node:') || (kind === 'external' && /^uvnet\b/.test(id)),
    plugins: [nodeResolve({ preferBuiltins: true }),
      commonjs({ ignore: (id) => id.endsWith('.node') })],
    onwarn({ code, message }) {
      // CommonJS has them.
      if (code !== 'CIRCULAR_DEPENDENCY') throw new Error(message);
    },
  });
  const format = kind === 'named' ? 'es' : 'cjs';
  const file = format === 'es' ? 'main.mjs' : 'main.js';
  await bundle.write({ file: path.join(output, file), format });
  if (kind === 'addon') {
    fs.cpSync('node_modules/uvnet/prebuilds', path.join(output, '..', 'prebuilds'),
      { recursive: true });
  }
}

({ esbuild, webpack, rollup })[bundler]().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
