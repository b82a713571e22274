// Asks the questions of docs/sql of the committed reports and of 2000 made-up ones, with DuckDB and, where
// it is installed, sqlite3, which has to answer the same.
//
//     node questions.mjs RESULTS                   the test; exits 4 where DuckDB is not there
//     node questions.mjs --scan FOLDER             reads all findings, and prints how many, how long that
//                                                  took, and the most memory that it held
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import zlib from 'node:zlib';

const THIS = fileURLToPath(import.meta.url);
const SQL = path.join(path.dirname(THIS), '../../docs/sql');
const read = (name) => fs.readFileSync(path.join(SQL, name), 'utf8');
const QUESTIONS = fs.readdirSync(SQL).filter((name) => /^\d+_.*\.sql$/.test(name)).sort();

async function connect() {
    const {DuckDBInstance} = await import('@duckdb/node-api').catch(() => {
        console.log('DuckDB is not there: node tests/sql/fetch.mjs fetches it (24 MB)');
        process.exit(4);
    });
    return (await DuckDBInstance.create(':memory:')).connect();
}

// A connection that has the view `findings` of the reports in FOLDER/reports.
async function findingsIn(folder) {
    process.chdir(folder);
    const connection = await connect();
    await connection.run(read('findings.sql'));
    return connection;
}

async function rowsOf(connection, sql) {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

async function scan(folder) {
    const start = performance.now();
    const connection = await findingsIn(folder);
    const [{n}] = await rowsOf(connection, 'SELECT count(*) AS n, sum(value) FROM findings');
    const seconds = (performance.now() - start) / 1000;
    const megabytes = process.resourceUsage().maxRSS / 1024;
    console.log(JSON.stringify({findings: Number(n), seconds, megabytes}));
}

const scanApart = (folder) =>
    JSON.parse(execFileSync(process.execPath, [THIS, '--scan', folder]));

// Numbers from 0 to 1 that are the same each time (Park and Miller 1988).
function* random(seed = 1) {
    for (let state = seed;;) {
        state = (state * 48271) % 2147483647;
        yield state / 2147483647;
    }
}

const unpacked = (file) => JSON.parse(zlib.gunzipSync(fs.readFileSync(file)));

// 100 boards with four drivers, five runs of each. With Mesa 25.1 every twentieth board reads and writes
// a fifth slower. On every tenth board one driver cannot build the kernels of one probe.
const BOARDS = 100;
const DRIVERS = ['24.3.4', '25.0.7', '25.1.2', '25.2.0'];
const isSlow = (board, driver) => board % 20 === 3 && driver === '25.1.2';
const isBroken = (board, driver) => board % 10 === 5 && driver === '25.2.0';

// Changes `report`, a copy of `base`, to what that board measured in that run.
function measure(report, base, board, driver, run, chance) {
    report.started = `2026-0${1 + DRIVERS.indexOf(driver)}-0${1 + run}T07:30:00Z`;
    const device = report.devices[0].device;
    device.slug = `gpu0-board-${String(board).padStart(3, '0')}`;
    device.name = `Board ${board} "µ", '${driver}'`;
    device.platform = 'rusticl';
    device.driver_version = driver;
    for (const [i, probe] of report.devices[0].probes.entries()) {
        const broken = isBroken(board, driver) && probe.probe === 'memory/atomics';
        probe.findings = base.devices[0].probes[i].findings.map((finding) => {
            const {value, interval, ...rest} = finding;
            if (broken)
                return {...rest, status: 'failed', note: 'the build failed'};
            if (value === undefined)
                return finding;
            const slower = isSlow(board, driver) && finding.unit === 'B/s' ? 0.8 : 1;
            const measured = value * slower * (0.995 + 0.01 * chance.next().value);
            return {...rest, value: measured, interval: [0.99 * measured, 1.01 * measured]};
        });
    }
}

function makeUp(folder, base) {
    const chance = random();
    const report = {...structuredClone(base), summary: true};
    for (const probe of report.devices[0].probes)
        probe.data.series = [];
    for (let board = 0; board < BOARDS; ++board) {
        const reports = path.join(folder, 'reports', String(board));
        fs.mkdirSync(reports, {recursive: true});
        for (const driver of DRIVERS)
            for (let run = 0; run < 5; ++run) {
                measure(report, base, board, driver, run, chance);
                fs.writeFileSync(path.join(reports, `${driver}-${run}.json.gz`),
                                 zlib.gzipSync(JSON.stringify(report), {level: 1}));
            }
    }
}

async function askOfMadeUp(folder, base) {
    makeUp(folder, base);
    const scanned = scanApart(folder);
    console.log(`2000 made-up reports: ${JSON.stringify(scanned)}`);
    const ofOne = base.devices[0].probes.reduce((sum, probe) => sum + probe.findings.length, 0);
    assert.equal(scanned.findings, 2000 * ofOne);
    assert.ok(scanned.megabytes < 500);

    const connection = await findingsIn(folder);
    await connection.run('CREATE TABLE kept AS FROM findings; DROP VIEW findings;' +
                         'ALTER TABLE kept RENAME TO findings');
    const answers = {};
    for (const question of QUESTIONS)
        answers[question] = await rowsOf(connection, read(question));
    const slow = new Set(answers['01_lost_bandwidth.sql'].map((row) => row.device));
    assert.deepEqual([...slow].sort(), [3, 23, 43, 63, 83].map((n) => `gpu0-board-0${String(n).padStart(2, '0')}`));
    const bandwidths = base.devices[0].probes.flatMap((probe) => probe.findings)
                           .filter((finding) => finding.unit === 'B/s' && finding.status === 'measured');
    assert.equal(answers['01_lost_bandwidth.sql'].length, 5 * bandwidths.length);
    assert.equal(answers['05_history.sql'].length, 2000);
    const broken = answers['04_without_a_value.sql'].find((row) => row.status === 'failed');
    assert.equal(Number(broken.devices), 10);
    const coverage = answers['10_driver_coverage.sql'];
    assert.deepEqual(coverage.map((row) => row.driver), DRIVERS.map((version) => `rusticl ${version}`));
    assert.ok(coverage.every((row) => Number(row.devices) === 100 && Number(row.reports) === 500));
    for (const question of QUESTIONS.filter((name) => !name.startsWith('09')))
        assert.ok(answers[question].length > 0, question);
    assert.equal(answers['09_disagreeing_runs.sql'].length, 0);
}

// To compare what two engines answer, of which one may print a number as 1 and the other as 1.0.
const comparable = (rows) =>
    rows.map((row) => Object.values(row).map((cell) => cell === null || cell === '' ? null :
                                             Number.isNaN(Number(cell)) ? String(cell) :
                                             Number(Number(cell).toPrecision(9))));

function hasSqlite() {
    try {
        execFileSync('sqlite3', ['--version'], {stdio: 'pipe'});
        return true;
    } catch {
        console.log('sqlite3 is not installed: it is not asked');
        return false;
    }
}

async function askOfCommitted(folder, results) {
    fs.mkdirSync(path.join(folder, 'reports'));
    for (const name of fs.readdirSync(results).filter((name) => name.endsWith('.json.gz')))
        fs.writeFileSync(path.join(folder, 'reports', name.slice(0, -3)),
                         zlib.gunzipSync(fs.readFileSync(path.join(results, name))));
    // What is no report is passed over.
    fs.copyFileSync(path.join(results, 'inspect/h200.json'), path.join(folder, 'reports/other.json'));
    const connection = await findingsIn(folder);
    const sqlite = hasSqlite();
    if (sqlite)
        execFileSync('sqlite3', ['kept.db'], {input: read('findings_sqlite.sql')});
    for (const question of QUESTIONS) {
        const rows = await rowsOf(connection, read(question));
        assert.ok(rows.length > 0 || /^0[19]_/.test(question), question);
        if (!sqlite)
            continue;
        const answer = execFileSync('sqlite3', ['-json', 'kept.db'], {input: read(question)}).toString();
        assert.deepEqual(comparable(answer ? JSON.parse(answer) : []), comparable(rows), question);
    }
}

// As much memory for a hundred reports with all their samples as for ten.
function holdsNoSamples(folder, report) {
    const held = [10, 100].map((count) => {
        const reports = path.join(folder, String(count), 'reports');
        fs.mkdirSync(reports, {recursive: true});
        for (let i = 0; i < count; ++i)
            fs.copyFileSync(report, path.join(reports, `${i}.json.gz`));
        const scanned = scanApart(path.join(folder, String(count)));
        console.log(`${count} reports with samples: ${JSON.stringify(scanned)}`);
        return scanned.megabytes;
    });
    assert.ok(held[1] < 1.3 * held[0]);
}

async function main(results) {
    await connect();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'clprobe-sql-'));
    try {
        const sub = (name) => {
            fs.mkdirSync(path.join(folder, name));
            return path.join(folder, name);
        };
        const report = path.resolve(results, 'h200.json.gz');
        await askOfCommitted(sub('committed'), path.resolve(results));
        holdsNoSamples(sub('samples'), report);
        await askOfMadeUp(sub('made-up'), unpacked(report));
    } finally {
        process.chdir('/');
        fs.rmSync(folder, {recursive: true});
    }
}

const [first, folder] = process.argv.slice(2);
await (first === '--scan' ? scan(folder) : main(first));
