// The verifiable client of @cloudflare/voprf-ts against a Credveil server: CommonJS, run in a folder
// with that package. Reads { url, publicKey, inputs, isSwapped } as JSON on standard input, in hex, and writes
// the outputs, or the error.

const { Evaluation, Oprf, VOPRFClient, DLEQProof } = require('@cloudflare/voprf-ts');
const { CryptoNoble } = require('@cloudflare/voprf-ts/crypto-noble');

const SUITE = Oprf.Suite.RISTRETTO255_SHA512;
const fromHex = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

async function post(url, elements) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.concat([Buffer.of(1, elements.length), ...elements]),
  });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function evaluate({ url, publicKey, inputs, isSwapped }) {
  const client = new VOPRFClient(SUITE, fromHex(publicKey), CryptoNoble);
  const [finalizeData, { blinded }] = await client.blind(inputs.map(fromHex));
  const elements = blinded.map((element) => element.serialize(true));
  const evaluated = (await post(`${url}/v1/evaluate`, elements)).subarray(2);
  const proof = (await post(`${url}/v1/prove`, elements)).subarray(1);
  const group = client.group;
  const answers = elements.map((_, i) => group.desElt(evaluated.slice(32 * i, 32 * (i + 1))));
  if (isSwapped) answers.reverse();
  const proved = new Evaluation(Oprf.Mode.VOPRF, answers, DLEQProof.deserialize(group.id, proof, CryptoNoble));
  const outputs = await client.finalize(finalizeData, proved);
  return outputs.map((output) => Buffer.from(output).toString('hex'));
}

const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  evaluate(JSON.parse(Buffer.concat(chunks).toString())).then(
    (outputs) => console.log(JSON.stringify({ outputs })),
    (error) => console.log(JSON.stringify({ error: error.message })),
  );
});
