/**
 * Signals over Redis sharded pub/sub (Redis 7): one channel per mailbox, subscribed while this node holds a socket
 * of it. ioredis subscribes again by itself after a reconnection; what was sent meanwhile is lost, which is why the
 * relay closes its sockets when Redis goes away and lets the phones come back.
 */
import type { Log } from '@estafette/runtime/ports';
import type { Redis } from 'ioredis';
import type { Signal, Signals } from './signals.ts';

interface Topic {
  readonly listeners: Set<(signal: Signal) => void>;
  readonly subscribed: Promise<unknown>;
}

export class RedisSignals implements Signals {
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #log: Log;
  readonly #topics = new Map<string, Topic>();

  /** `subscriber` is a connection of its own: a subscribed connection takes no other commands. */
  constructor(connections: { redis: Redis; subscriber: Redis; log: Log }) {
    this.#redis = connections.redis;
    this.#subscriber = connections.subscriber;
    this.#log = connections.log;
    this.#subscriber.on('smessage', (channel: string, text: string) => this.#pass(channel, text));
  }

  async send(topic: string, signal: Signal): Promise<void> {
    await this.#redis.spublish(channelOf(topic), JSON.stringify(signal));
  }

  async listen(topic: string, listener: (signal: Signal) => void): Promise<() => Promise<void>> {
    const channel = channelOf(topic);
    const known = this.#topics.get(channel);
    const entry: Topic = known ?? { listeners: new Set(), subscribed: this.#subscriber.ssubscribe(channel) };
    if (known === undefined) this.#topics.set(channel, entry);
    entry.listeners.add(listener);
    const stop = async () => {
      if (!entry.listeners.delete(listener) || entry.listeners.size > 0) return;
      if (this.#topics.get(channel) !== entry) return;
      this.#topics.delete(channel);
      await this.#subscriber.sunsubscribe(channel);
    };
    try {
      await entry.subscribed;
    } catch (error) {
      entry.listeners.delete(listener);
      if (this.#topics.get(channel) === entry) this.#topics.delete(channel);
      throw error;
    }
    return stop;
  }

  #pass(channel: string, text: string): void {
    for (const listener of this.#topics.get(channel)?.listeners ?? []) {
      try {
        listener(JSON.parse(text) as Signal);
      } catch (error) {
        this.#log.error('a signal could not be passed on', { error });
      }
    }
  }
}

function channelOf(topic: string): string {
  return `relay:${topic}`;
}
