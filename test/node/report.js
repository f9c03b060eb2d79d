'use strict';

// What the user sees: progress, failures as they come, the final table.

const STATUSES = ['pass', 'fail', 'skip', 'timeout', 'crash'];
const TAIL_LINES = 30;
const EVERY_FILES = 10;
const EVERY_MS = 15e3;

function say(text = '') {
  process.stdout.write(`${text}\n`);
}

function count(results) {
  const counts = { pass: 0, fail: 0, skip: 0, timeout: 0, crash: 0 };
  for (const { status } of results) counts[status]++;
  return counts;
}

/** Whether a file ended otherwise than by a pass or a skip. */
function isBad({ status }) {
  return status !== 'pass' && status !== 'skip';
}

function tail(output) {
  const lines = output.trimEnd().split('\n').slice(-TAIL_LINES);
  return lines.map((line) => `    ${line}`).join('\n');
}

/** Live line on a terminal; elsewhere a line each 10 files or 15 seconds. */
class Progress {
  constructor(total, quiet) {
    this.total = total;
    this.quiet = quiet;
    this.results = [];
    this.tty = process.stdout.isTTY === true;
    this.timer = setInterval(() => this.line(''), EVERY_MS);
    this.timer.unref();
  }

  line(file) {
    const { pass, fail, skip, timeout, crash } = count(this.results);
    const text = `[${this.results.length}/${this.total}] ${pass} pass, ` +
      `${fail + timeout + crash} fail, ${skip} skip`;
    if (!this.tty) return say(text);
    process.stdout.write(`\r\x1b[K${text} ${file}`);
    return undefined;
  }

  clear() {
    if (this.tty) process.stdout.write('\r\x1b[K');
  }

  add(result) {
    this.results.push(result);
    if (isBad(result) && !this.quiet) this.failure(result);
    if (this.tty) this.line(result.file);
    else if (this.results.length % EVERY_FILES === 0) this.restart();
  }

  /** A line now, and the next one by time 15 seconds after it. */
  restart() {
    this.line('');
    this.timer.refresh();
  }

  failure({ file, reason, seconds, output }) {
    this.clear();
    say(`${file}: ${reason} (${seconds.toFixed(1)} s)`);
    if (output.trim()) say(tail(output));
  }

  end() {
    clearInterval(this.timer);
    this.clear();
  }
}

function directoryOf(file) {
  return file.slice(0, file.indexOf('/'));
}

function row(name, cells) {
  return name.padEnd(14) +
    cells.map((cell) => String(cell).padStart(9)).join('');
}

function printTable(results) {
  const names = [...new Set(results.map(({ file }) => directoryOf(file)))];
  say(`\n${row('', STATUSES)}`);
  for (const name of names) {
    const counts = count(
      results.filter(({ file }) => directoryOf(file) === name));
    say(row(name, STATUSES.map((status) => counts[status])));
  }
  const counts = count(results);
  say(row('all', STATUSES.map((status) => counts[status])));
}

function printList(title, lines) {
  if (lines.length === 0) return;
  say(`\n${title}`);
  for (const line of lines) say(`  ${line}`);
}

function listByReason(results, statuses) {
  return results.filter(({ status }) => statuses.includes(status))
    .map(({ file, reason }) => `${file}: ${reason}`);
}

function printTotals(stats) {
  const get = (name) => stats[name] || 0;
  say(`\nthrough the addon: ${get('handlesOpened')} handles, ` +
      `${get('bytesRead')} bytes read, ${get('bytesWritten')} bytes written ` +
      `in ${get('processes')} processes`);
}

/** Everything at the end of an ordinary run. */
function printSummary({ mode, results, flaky, problems, stats, note }) {
  printTable(results);
  if (note) say(`note: ${note}`);
  const once = (statuses) => [...new Set(listByReason(results, statuses))];
  printList('skipped', once(['skip']));
  printList('failed', once(['fail', 'timeout']));
  printList('CRASHED', once(['crash']));
  printList('flaky', flaky);
  printList('left processes behind', [...new Set(
    results.filter((result) => result.leftovers).map(({ file }) => file))]);
  if (mode === 'uvnet') printTotals(stats);
  printList('not as expected', problems);
}

/** End of a control run, where a pass is what needs an explanation. */
function printControl({ results, needed }) {
  printTable(results);
  printList('pass without sockets',
            results.filter(({ status }) => status === 'pass')
              .map(({ file }) => file));
  printList('skipped', listByReason(results, ['skip']));
  say(`\n${needed} of ${results.length} must fail`);
}

module.exports = { Progress, isBad, printControl, printSummary, say };
