// A page's worth of WASI for the C tests: arguments, files in memory, standard output, exit. `run(bytes, args, files)`
// starts a module; files maps absolute paths to Uint8Array and takes what the program writes.
const OK = 0, BADF = 8, NOENT = 44;
const O_CREAT = 1, O_TRUNC = 8;

class Exit extends Error {
    constructor(code) {
        super(`exit ${code}`);
        this.code = code;
    }
}

function makeWasi(args, files) {
    let memory = null;
    let said = '';
    const opened = new Map([[1, null], [2, null]]);  // by file descriptor; 3 is the root folder
    const view = () => new DataView(memory.buffer);
    const text = (at, length) => new TextDecoder().decode(new Uint8Array(memory.buffer, at, length));
    const strings = args.map((argument) => new TextEncoder().encode(`${argument}\0`));

    const vectors = function* (at, count) {
        for (let i = 0; i < count; i++) {
            yield new Uint8Array(memory.buffer, view().getUint32(at + 8 * i, true), view().getUint32(at + 8 * i + 4, true));
        }
    };
    const append = (file, bytes) => {
        const old = files.get(file.path);
        const grown = new Uint8Array(Math.max(old.length, file.at + bytes.length));
        grown.set(old);
        grown.set(bytes, file.at);
        files.set(file.path, grown);
        file.at += bytes.length;
    };

    const calls = {
        args_sizes_get(count, bytes) {
            view().setUint32(count, strings.length, true);
            view().setUint32(bytes, strings.reduce((sum, one) => sum + one.length, 0), true);
            return OK;
        },
        args_get(pointers, at) {
            for (const one of strings) {
                view().setUint32(pointers, at, true);
                new Uint8Array(memory.buffer).set(one, at);
                pointers += 4;
                at += one.length;
            }
            return OK;
        },
        environ_sizes_get(count, bytes) {
            view().setUint32(count, 0, true);
            view().setUint32(bytes, 0, true);
            return OK;
        },
        environ_get: () => OK,
        fd_prestat_get(fd, at) {
            if (fd !== 3) {
                return BADF;
            }
            view().setUint32(at, 0, true);
            view().setUint32(at + 4, 1, true);
            return OK;
        },
        fd_prestat_dir_name(fd, at) {
            view().setUint8(at, '/'.charCodeAt(0));
            return OK;
        },
        fd_fdstat_get(fd, at) {
            new Uint8Array(memory.buffer, at, 24).fill(0);
            view().setUint8(at, fd === 3 ? 3 : fd < 3 ? 2 : 4);
            view().setBigUint64(at + 8, ~0n, true);
            view().setBigUint64(at + 16, ~0n, true);
            return OK;
        },
        fd_fdstat_set_flags: () => OK,
        path_open(fd, follow, at, length, flags, rights, inherited, fdflags, result) {
            const path = `/${text(at, length)}`;
            if (!files.has(path) && !(flags & O_CREAT)) {
                return NOENT;
            }
            if (!files.has(path) || flags & O_TRUNC) {
                files.set(path, new Uint8Array());
            }
            const next = Math.max(3, ...opened.keys()) + 1;
            opened.set(next, { path, at: 0 });
            view().setUint32(result, next, true);
            return OK;
        },
        fd_read(fd, at, count, result) {
            const file = opened.get(fd);
            let total = 0;
            for (const into of vectors(at, count)) {
                const part = files.get(file.path).subarray(file.at, file.at + into.length);
                into.set(part);
                file.at += part.length;
                total += part.length;
            }
            view().setUint32(result, total, true);
            return OK;
        },
        fd_write(fd, at, count, result) {
            const file = opened.get(fd);
            let total = 0;
            for (const from of vectors(at, count)) {
                if (file) {
                    append(file, from);
                } else {
                    said += new TextDecoder().decode(from);
                }
                total += from.length;
            }
            view().setUint32(result, total, true);
            return OK;
        },
        fd_seek(fd, offset, whence, result) {
            const file = opened.get(fd);
            const from = [0, file.at, files.get(file.path).length][whence];
            file.at = from + Number(offset);
            view().setBigUint64(result, BigInt(file.at), true);
            return OK;
        },
        fd_close(fd) {
            opened.delete(fd);
            return OK;
        },
        proc_exit(code) {
            throw new Exit(code);
        },
    };
    return { calls, attach: (own) => { memory = own; }, said: () => said };
}

async function run(bytes, args, files) {
    const wasi = makeWasi(args, files);
    const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: wasi.calls });
    wasi.attach(instance.exports.memory);
    const start = performance.now();
    let code = 0;
    try {
        instance.exports._start();
    } catch (problem) {
        if (!(problem instanceof Exit)) {
            throw problem;
        }
        code = problem.code;
    }
    return { code, said: wasi.said(), ms: performance.now() - start };
}
