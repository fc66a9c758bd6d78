// Imported first by the entry of a worker: a signal that reaches all processes of a terminal does
// not end it while the rest is loaded. The primary decides what signals mean.

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
