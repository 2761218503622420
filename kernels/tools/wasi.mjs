// node wasi.mjs PROGRAM.wasm [ARGUMENT...]: runs a WASI program in Node; it sees the file system and the environment.
import { readFile, readdir } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

// Relaxed SIMD is an experiment before V8 11.4, and its first compiler gets dot products wrong there: check_ops says so.
const [major, minor] = process.versions.v8.split('.').map(Number);
if (major < 11 || (major === 11 && minor < 4)) {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
    setFlagsFromString('--no-liftoff');
}
const args = process.argv.slice(2);
// Folder by folder: Node 20.20 opens nothing below a preopened '/'.
const folders = (await readdir('/', { withFileTypes: true })).filter((entry) => entry.isDirectory());
const preopens = { '.': process.cwd(), ...Object.fromEntries(folders.map(({ name }) => [`/${name}`, `/${name}`])) };
const wasi = new WASI({ version: 'preview1', args, env: process.env, preopens });
const module = await WebAssembly.compile(await readFile(args[0]));
process.exit(wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject())));
