'use strict';

// The parts `as-windows` and `portable`: the tests on uvnet with a build for this
// machine that lacks what another system does.

const { build } = require('../../scripts/build');
const { chosenFiles, readList, unexpected } = require('./judge');
const { runFile, runFiles, titlesIn } = require('./mocha');

// Of one of build()'s variants, with the list of this name.
async function variant(name, listName, { folder, only }) {
  const list = readList(listName);
  const options = {
    node: [process.execPath],
    env: { UVNET_BINARY: build({ variant: name }) },
    folder,
  };
  const passed = new Map();
  const problems = await runFiles(chosenFiles(list, only), async(file) => {
    const result = await runFile(file, 'uvnet', options);
    const count = titlesIn(result, 'pass').length;
    passed.set(file, count);
    console.log(`  ${file}: ${count} passed, ${Math.round(result.seconds)} s`);
    return unexpected(result, list, file);
  });
  const sum = [...passed.values()].reduce((a, b) => a + b, 0);
  return { problems, summary: `${passed.size} files, ${sum} passed` };
}

module.exports = { variant };
