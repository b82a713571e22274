// Fetches the packages of package-lock.json into node_modules beside it, each held against its hash there.
// This is what `npm ci --ignore-scripts` does; but npm is four hundred packages of Debian's, Node.js is one.
// Ends with 1, saying why, where one cannot be had, and with 2 where it is another one.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {fileURLToPath} from 'node:url';

process.chdir(fileURLToPath(new URL('.', import.meta.url)));
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const registry = (process.env.npm_config_registry || 'https://registry.npmjs.org').replace(/\/$/, '');
const fits = (allowed, own) => !allowed || allowed.includes(own);

for (const [folder, {version, integrity, os, cpu, libc}] of Object.entries(read('package-lock.json').packages)) {
    if (folder === '' || !fits(os, process.platform) || !fits(cpu, process.arch) || !fits(libc, 'glibc')) continue;
    if (fs.existsSync(folder) && read(`${folder}/package.json`).version === version) continue;
    const name = folder.replace('node_modules/', '');
    const url = `${registry}/${name}/-/${name.split('/').pop()}-${version}.tgz`;
    const archive = await fetch(url).then((answer) => (answer.ok ? answer.arrayBuffer() : new ArrayBuffer(0))).then(Buffer.from).catch(() => Buffer.of());
    if ('sha512-' + createHash('sha512').update(archive).digest('base64') !== integrity) {
        const there = archive.length > 0;
        console.error(`${url} ${there ? 'is another one than package-lock.json names' : 'cannot be had'}`);
        process.exit(there ? 2 : 1);
    }
    fs.rmSync(`${folder}.new`, {recursive: true, force: true});
    fs.mkdirSync(`${folder}.new`, {recursive: true});
    execFileSync('tar', ['-xz', '--strip-components=1', '-C', `${folder}.new`], {input: archive});
    fs.rmSync(folder, {recursive: true, force: true});
    fs.renameSync(`${folder}.new`, folder);
}
