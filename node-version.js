// Refuses an older Node with one line, before it meets syntax or native code that it cannot load.
// Plain JavaScript.

const [major, minor] = process.versions.node.split('.').map(Number);
// Earlier ones have another OpenSSL, under which a resumed session passes for a client certificate.
const isOld = major < 22 || (major === 22 && minor < 21) || major === 23 || (major === 24 && minor < 9);
if (isOld) {
  process.stderr.write(
    `credveil needs Node 22.21, 24.9 or newer; this is ${process.version}. Install Node 24. In a clone, \`npm ci\` installs it for npm scripts and npx.\n`,
  );
  process.exit(1);
}
