'use strict';

const js = require('@eslint/js');
const globals = require('globals');

// Beyond the recommended rules: what has hidden a defect before, and the
// limits that keep files and functions readable.
const rules = {
  'array-callback-return': 'error',
  'block-scoped-var': 'error',
  'curly': ['error', 'multi-line'],
  'default-case-last': 'error',
  'dot-notation': 'error',
  'eqeqeq': ['error', 'always', { null: 'ignore' }],
  'max-depth': ['error', 3],
  'max-len': ['error', { code: 100 }],
  'max-lines': ['error', 500],
  'max-params': ['error', 6],
  'no-alert': 'error',
  'no-caller': 'error',
  'no-constructor-return': 'error',
  'no-else-return': 'error',
  'no-eval': 'error',
  'no-extend-native': 'error',
  'no-extra-bind': 'error',
  'no-implied-eval': 'error',
  'no-lone-blocks': 'error',
  'no-loop-func': 'error',
  'no-multi-assign': 'error',
  'no-new-func': 'error',
  'no-new-wrappers': 'error',
  'no-promise-executor-return': 'error',
  'no-proto': 'error',
  'no-return-assign': 'error',
  'no-self-compare': 'error',
  'no-sequences': 'error',
  'no-shadow': 'error',
  'no-throw-literal': 'error',
  'no-undef-init': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unneeded-ternary': 'error',
  'no-unreachable-loop': ['error', { ignore: ['ForOfStatement'] }],
  'no-unused-expressions': 'error',
  'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'all' }],
  'no-use-before-define': ['error', { functions: false, variables: false }],
  'no-useless-call': 'error',
  'no-useless-concat': 'error',
  'no-useless-rename': 'error',
  'no-useless-return': 'error',
  'no-var': 'error',
  'object-shorthand': ['error', 'always', { avoidQuotes: true }],
  'one-var': ['error', 'never'],
  'prefer-const': 'error',
  'prefer-object-has-own': 'error',
  'prefer-promise-reject-errors': 'error',
  'prefer-rest-params': 'error',
  'prefer-spread': 'error',
  'prefer-template': 'error',
  'radix': 'error',
  'strict': ['error', 'global'],
  'symbol-description': 'error',
  'unicode-bom': 'error',
  'yoda': ['error', 'never', { exceptRange: true }],
};

module.exports = [
  { ignores: ['build/', 'build-*/', 'prebuilds/', 'bench/results/'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: 'commonjs',
      globals: globals.node,
    },
    rules,
  },
  {
    files: ['lib/**/*.js'],
    rules: {
      // Programs fake and delete these. lib/builtin.js has them as they were.
      'no-restricted-globals': ['error',
        ...Object.keys(globals.nodeBuiltin),
        'AggregateError', 'Error', 'Promise', 'RangeError', 'TypeError',
        'Uint8Array'],
      'no-restricted-properties': ['error',
        { object: 'process', property: 'platform' }],
      'max-lines-per-function': ['error', 50],
    },
  },
  {
    files: ['test/*.js'],
    languageOptions: { globals: globals.mocha },
    rules: {
      // String objects are among the arguments that must be refused.
      'no-new-wrappers': 'off',
      // Functions whose text runs in a process of its own get `net` there.
      'no-shadow': ['error', { allow: ['net'] }],
    },
  },
];
