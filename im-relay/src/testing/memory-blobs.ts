/** The BlobStore port in memory, for tests. */

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '@estafette/runtime/ports';

export class MemoryBlobs implements BlobStore {
  readonly #contents = new Map<string, { bytes: Buffer; modifiedAt: Date }>();
  /** Makes every `put` fail with this code, as a full disk would. */
  failsWith: string | null = null;

  async put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ bytes: number }> {
    const bytes = content instanceof Uint8Array ? Buffer.from(content) : await buffer(content);
    if (this.failsWith !== null) throw Object.assign(new Error('no room'), { code: this.failsWith });
    this.#contents.set(name, { bytes, modifiedAt: new Date() });
    return { bytes: bytes.length };
  }

  async get(name: string): Promise<Buffer | null> {
    return this.#contents.get(name)?.bytes ?? null;
  }

  async open(name: string): Promise<{ stream: Readable; bytes: number } | null> {
    const content = this.#contents.get(name)?.bytes;
    return content === undefined ? null : { stream: Readable.from([content]), bytes: content.length };
  }

  async delete(name: string): Promise<void> {
    this.#contents.delete(name);
  }

  async *list(prefix: string): AsyncIterable<{ name: string; bytes: number; modifiedAt: Date }> {
    for (const [name, { bytes, modifiedAt }] of this.#contents) {
      if (name.startsWith(prefix)) yield { name, bytes: bytes.length, modifiedAt };
    }
  }
}
