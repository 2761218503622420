// node hop.mjs FACELITE_JS MODULE STUDENT SECONDS: processor time of a hop in µs, the least of ten rounds over noise, as JSON.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const [script, module, blob, seconds] = process.argv.slice(2);
const { Student } = await import(pathToFileURL(script));
const student = new Student(await readFile(module), await readFile(blob));
const { sampleRate, hop } = student.info;
const pcm = Float32Array.from({ length: Number(seconds) * sampleRate }, () => 0.4 * Math.random() - 0.2);
const stream = student.stream();
const rounds = [];
for (let round = 0; round < 10; round++) {
  const before = process.cpuUsage();
  stream.push(pcm);
  const { user, system } = process.cpuUsage(before);
  rounds.push(((user + system) * hop) / pcm.length);
}
console.log(JSON.stringify({ isa: student.isa, microseconds: Math.min(...rounds) }));
