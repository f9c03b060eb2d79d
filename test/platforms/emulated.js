'use strict';

// The parts `arm64` and `windows`: the tests with a Node of another system that
// an emulator runs, file by file on core's net and on uvnet.

const { runFile, runFiles, titlesIn } = require('./mocha');
const { chosenFiles, readList, worse } = require('./judge');

function describe(result) {
  const passed = titlesIn(result, 'pass').length;
  return `${passed} passed${result.ended ? ` (${result.ended})` : ''}, ` +
    `${Math.round(result.seconds)} s`;
}

/**
 * Compares uvnet with core in the files that the list of this name does not
 * leave out, and that `choose` takes. Resolves to { problems, summary }.
 */
async function compareWithCore(name, options, choose = () => true) {
  const list = readList(name);
  const files = chosenFiles(list, options.only).filter(choose);
  const passed = { core: new Map(), uvnet: new Map() };
  const problems = await runFiles(files, async(file) => {
    const core = await runFile(file, 'core', options);
    const uvnet = await runFile(file, 'uvnet', options);
    console.log(`  ${file}: core ${describe(core)}; uvnet ${describe(uvnet)}`);
    passed.core.set(file, titlesIn(core, 'pass').length);
    passed.uvnet.set(file, titlesIn(uvnet, 'pass').length);
    return worse(core, uvnet, list, file);
  });
  const sum = (net) => [...passed[net].values()].reduce((a, b) => a + b, 0);
  return { problems, summary: `${passed.core.size} files, passes: ` +
    `core ${sum('core')}, uvnet ${sum('uvnet')}` };
}

module.exports = { compareWithCore };
