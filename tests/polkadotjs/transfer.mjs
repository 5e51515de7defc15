// A transfer from Alice to Bob by polkadot.js, from metadata to finality.
//
//   node transfer.mjs ws://127.0.0.1:9944 [AMOUNT [--metadata-hash]]
//
// The amount is in the smallest unit. With --metadata-hash the signature commits to the chain's
// metadata, as that of a hardware wallet does; only a release runtime accepts it. Prints one JSON
// object; anything else is a failure.

import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

const WITHIN_MS = 60_000;

const [url, amount = '1000000000000', flag] = process.argv.slice(2);
if (!url || (flag && flag !== '--metadata-hash')) {
  console.error('usage: node transfer.mjs WS-URL [AMOUNT [--metadata-hash]]');
  process.exit(2);
}

// Also keeps the process from ending, as a success, when there is nothing left to wait for.
setTimeout(() => {
  console.error(`not done within ${WITHIN_MS} ms; does a node listen at ${url}?`);
  process.exit(1);
}, WITHIN_MS);

// Resolves with the block that the transfer is final in.
function finalized(api, transfer, signer, options) {
  return new Promise((resolve, reject) => {
    transfer
      .signAndSend(signer, { nonce: -1, ...options }, ({ status, dispatchError, isError }) => {
        if (dispatchError) {
          const { section, name } = dispatchError.isModule
            ? api.registry.findMetaError(dispatchError.asModule)
            : { section: 'dispatch', name: dispatchError.toString() };
          reject(new Error(`${section}.${name}`));
        } else if (status.isFinalized) {
          resolve(status.asFinalized);
        } else if (isError) {
          reject(new Error(`the transaction became ${status.type}`));
        }
      })
      .catch(reject);
  });
}

// What makes a signature commit to the metadata: the root of its Merkle tree.
async function committed(api) {
  const metadata = await api.call.metadata.metadataAtVersion(15);
  const { specName, specVersion } = api.runtimeVersion;
  const tree = merkleizeMetadata(metadata.unwrap().toU8a(true), {
    base58Prefix: api.registry.chainSS58,
    decimals: api.registry.chainDecimals[0],
    specName: specName.toString(),
    specVersion: specVersion.toNumber(),
    tokenSymbol: api.registry.chainTokens[0],
  });
  // In hexadecimal: of bytes, the first would be taken for the option's own.
  return { mode: 1, metadataHash: `0x${Buffer.from(tree.digest()).toString('hex')}` };
}

async function freeBalance(api, block, who) {
  const { data } = await (await api.at(block)).query.system.account(who);
  return data.free.toBigInt();
}

async function main() {
  const provider = new WsProvider(url, 1_000);
  const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true });
  const keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 });
  const alice = keyring.addFromUri('//Alice');
  const bob = keyring.addFromUri('//Bob');

  const before = await freeBalance(api, await api.rpc.chain.getFinalizedHead(), bob.address);
  const transfer = api.tx.balances.transferKeepAlive(bob.address, BigInt(amount));
  const options = flag ? await committed(api) : {};
  const block = await finalized(api, transfer, alice, options);
  const after = await freeBalance(api, block, bob.address);

  const version = api.runtimeVersion;
  console.log(
    JSON.stringify({
      status: 'finalized',
      block: block.toHex(),
      specName: version.specName.toString(),
      specVersion: version.specVersion.toNumber(),
      token: api.registry.chainTokens[0],
      decimals: api.registry.chainDecimals[0],
      pallets: api.runtimeMetadata.asLatest.pallets.length,
      from: alice.address,
      to: bob.address,
      sent: amount,
      received: (after - before).toString(),
    }),
  );
  await api.disconnect();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
