// Refuses an older Node with one line, before it meets syntax or native code that it cannot load.
// Plain JavaScript.

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `credveil needs Node 22.18 or newer; this is ${process.version}. Install Node 22.18 or newer. In a clone, \`npm ci\` installs Node 24 for npm scripts and npx.\n`,
  );
  process.exit(1);
}
