// Refuses an older Node with one line, before it meets syntax or native code that it cannot load.
// Plain JavaScript.

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `credveil needs Node 22.18 or newer; this is ${process.version}. In a clone, \`npm ci\` installs Node 24, and npm scripts and npx use it.\n`,
  );
  process.exit(1);
}
