/** What is filed, taken apart again by our own readers. */
import { readMetadata } from '../content/xdm/metadata.ts';
import { readArchive } from '../content/xdm/read-archive.ts';
import type { Exchange } from '../filing/exchange.ts';
import { makeExchangeCda } from '../filing/exchange-cda.ts';
import { makeXdm } from '../filing/xdm-archive.ts';

export const PDF = Buffer.from('%PDF-1.4\n% le document\n%%EOF\n');

export async function filesOf(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = await readArchive(archive);
  if ('refused' in files) throw new Error(files.refused);
  return new Map(files.map(({ path: name, bytes }) => [name, bytes]));
}

export async function partsOf(exchange: Exchange) {
  const cda = makeExchangeCda(exchange, PDF);
  const files = await filesOf(await makeXdm(exchange, cda));
  const metadata = readMetadata(files.get('IHE_XDM/SUBSET01/METADATA.XML') ?? Buffer.alloc(0));
  if ('refused' in metadata) throw new Error(metadata.refused);
  const [listed] = metadata.documents;
  if (listed === undefined) throw new Error('no document is listed');
  return { cda, files, metadata, listed };
}
