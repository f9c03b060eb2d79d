'use strict';

// Debian's source package of Node, fetched with an APT configuration of our
// own: nothing of the system's APT state is read or written except the archive
// entry (URI and keyring) that the machine itself trusts.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const ETC = '/etc/apt';
// Part of every apt; not on the PATH.
const HELPER = '/usr/lib/apt/apt-helper';
// Each has another major version or two.
const RELEASES = ['trixie', 'forky', 'sid'];
const PACKAGE = 'nodejs';
const PARTS = [
  'common', 'fixtures', 'parallel', 'sequential', 'pummel', 'known_issues',
  'async-hooks', 'report',
];

/** What a program that failed says: apt's errors, or else its last lines. */
function complaint(output) {
  const lines = output.trim().split('\n');
  const errors = lines.filter((line) => line.startsWith('E: '));
  return (errors.length > 0 ? errors : lines.slice(-4)).join(' | ');
}

/** Runs a program to its end; throws with what it said if it fails. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
    env: { ...process.env, LC_ALL: 'C', ...options.env },
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const output = `${result.stdout}${result.stderr}`;
    throw new Error(`${command} failed: ${complaint(output)}`);
  }
  return result.stdout;
}

/** Fields of one deb822 stanza by lower-case name. */
function parseStanza(text) {
  const fields = {};
  let last = null;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match) {
      last = match[1].toLowerCase();
      fields[last] = match[2];
    } else if (last && /^\s+\S/.test(line)) {
      fields[last] += `\n${line}`;
    }
  }
  return fields;
}

function parseSources(text) {
  const stanzas = text.replace(/^#.*\n/mg, '').split(/\n\s*\n/);
  return stanzas.map(parseStanza)
    .filter((fields) => fields.uris && fields.enabled !== 'no')
    .map((fields) => ({
      uri: fields.uris.split(/\s+/)[0],
      suites: (fields.suites || '').split(/\s+/),
      components: (fields.components || '').split(/\s+/),
      signedBy: fields['signed-by'],
    }));
}

/** Entries of a one-line sources.list: deb [options] URI suite component... */
function parseList(text) {
  const entries = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(.+)$/.exec(line);
    if (!match) continue;
    const [uri, suite, ...components] =
      match[2].replace(/#.*/, '').trim().split(/\s+/);
    const signedBy = /signed-by=(\S+)/.exec(match[1] || '')?.[1];
    entries.push({ uri, suites: [suite], components, signedBy });
  }
  return entries;
}

function sourceFiles(etc) {
  const files = [path.join(etc, 'sources.list')];
  const parts = path.join(etc, 'sources.list.d');
  if (fs.existsSync(parts)) {
    for (const name of fs.readdirSync(parts).sort()) {
      if (/\.(list|sources)$/.test(name)) files.push(path.join(parts, name));
    }
  }
  return files.filter((file) => fs.existsSync(file));
}

function isArchive({ uri, suites, components }) {
  return components.includes('main') && /\/debian\/?$/.test(uri) &&
    suites.some((suite) => !suite.includes('-') && !suite.includes('/'));
}

/** The machine's own entry for Debian's main archive, or undefined. */
function findArchive(etc = ETC) {
  const entries = sourceFiles(etc).flatMap((file) => {
    const text = fs.readFileSync(file, 'utf8');
    return file.endsWith('.list') ? parseList(text) : parseSources(text);
  });
  return entries.find(isArchive);
}

function writeSource(file, release, { uri, signedBy }) {
  const lines = [
    'Types: deb-src', `URIs: ${uri}`, `Suites: ${release}`, 'Components: main',
  ];
  if (signedBy) lines.push(`Signed-By: ${signedBy}`);
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Makes the private configuration in `dir`; returns apt-get's options. */
function configure(dir) {
  for (const name of ['state/lists/partial', 'cache/archives/partial',
                      'parts']) {
    fs.mkdirSync(path.join(dir, name), { recursive: true });
  }
  fs.writeFileSync(path.join(dir, 'state', 'status'), '');
  const settings = {
    'Dir::State': path.join(dir, 'state'),
    'Dir::State::lists': path.join(dir, 'state', 'lists'),
    'Dir::State::status': path.join(dir, 'state', 'status'),
    'Dir::Cache': path.join(dir, 'cache'),
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': path.join(dir, 'parts'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // Without it an index that cannot be fetched is a warning.
    'APT::Update::Error-Mode': 'any',
  };
  return Object.entries(settings).flatMap(([k, v]) => ['-o', `${k}=${v}`]);
}

/**
 * Fetches the signed indexes. A release that the archive does not have, or that
 * its keyring does not vouch for, is left out; returns why.
 */
function update(options, dir, archive) {
  const errors = [];
  for (const release of RELEASES) {
    const file = path.join(dir, 'parts', `${release}.sources`);
    writeSource(file, release, archive);
    try {
      run('apt-get', [...options, 'update']);
    } catch (err) {
      errors.push(`${release}: ${err.message}`);
      fs.rmSync(file);
    }
  }
  return errors;
}

/**
 * What versions of the package the indexes list: upstream's number, such as
 * '20.19.2', to Debian's.
 */
function packagedVersions(options) {
  const text = run('apt-cache', [...options, 'showsrc', PACKAGE]);
  const lines = text.matchAll(/^Version: ((?:\d+:)?(\d+\.\d+\.\d+)\S*)/mg);
  return new Map([...lines].map(([, debian, upstream]) => [upstream, debian]));
}

/** Node's own tarball in what `apt-get source --print-uris` lists. */
function listedTarball(uris) {
  const pattern = /^'([^']+)' (\S+\.orig\.tar\.\w+) \d+ (SHA256:[0-9a-f]{64})$/m;
  const match = pattern.exec(uris);
  if (!match) throw new Error(`no source tarball of ${PACKAGE} is listed`);
  const [, uri, name, hash] = match;
  return { uri, name, hash };
}

/**
 * Fetches Node's own tarball into `dir`; APT holds it against the hash in the
 * signed index. Debian's own files are not needed, and a mirror may lack them
 * for a while after they changed.
 */
function fetchTarball(options, dir, debianVersion) {
  const uris = run('apt-get', [...options, 'source', '--print-uris',
                               '--only-source', `${PACKAGE}=${debianVersion}`]);
  const { uri, name, hash } = listedTarball(uris);
  const file = path.join(dir, name);
  run(HELPER, [...options, 'download-file', uri, file, hash]);
  return file;
}

function unpack(tarball, dest) {
  run('tar', [
    '-xf', tarball, '-C', dest, '--strip-components=1', '--no-same-owner',
    '--wildcards', '--no-wildcards-match-slash',
    ...PARTS.map((part) => `*/test/${part}`),
    '*/benchmark/*.js', '*/benchmark/net',
  ]);
}

/** Fetches the first of the versions whose tarball is to be had. */
function fetchOneOf(wanted, versions, options, dir) {
  const errors = [];
  for (const version of wanted) {
    try {
      return { version, tarball: fetchTarball(options, dir,
                                              versions.get(version)) };
    } catch (err) {
      // A mirror may list a new version before it has it.
      errors.push(`${version}: ${err.message}`);
    }
  }
  throw new Error(errors.join('; '));
}

/**
 * Puts `test/` of Debian's Node sources into `dest`.
 * @param {string} work an empty directory for APT's files
 * @param {string} dest an existing directory
 * @param {function(string[]): string[]} choose those of the versions that there
 *   are which will do, the best first
 * @returns {string} the version of the sources; throws where that cannot be,
 *   with the versions that there are as `available`, if they are known
 */
function fetchFromApt(work, dest, choose) {
  const archive = findArchive();
  if (!archive) throw new Error('no Debian archive among the APT sources');
  const options = configure(work);
  const errors = update(options, work, archive);
  if (errors.length === RELEASES.length) throw new Error(errors.join('; '));
  const versions = packagedVersions(options);
  const available = [...versions.keys()];
  const wanted = choose(available);
  try {
    if (wanted.length === 0) {
      const found = `Debian has Node ${available.join(', ')}`;
      throw new Error([found, ...errors].join('; '));
    }
    const { version, tarball } = fetchOneOf(wanted, versions, options, work);
    unpack(tarball, dest);
    return version;
  } catch (err) {
    throw Object.assign(err, { available });
  }
}

module.exports = { PARTS, fetchFromApt, run };
