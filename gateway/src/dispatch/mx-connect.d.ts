/** The part of mx-connect that is used here; the package brings no types. */
declare module 'mx-connect' {
  import type { Socket } from 'node:net';

  export interface ExchangerConnection {
    readonly socket: Socket;
    /** Name of the exchange; an address where the MX gave one. */
    readonly hostname: string;
    /** Address connected to. */
    readonly host: string;
    readonly port: number;
  }

  export default function mxConnect(options: {
    target: string;
    port: number;
    maxConnectTime: number;
    ignoreMXHosts?: string[];
    mxLastError?: Error;
    dnsOptions: {
      blockLocalAddresses: boolean;
      blockReservedNetworks: boolean;
      resolveRecords(domain: string, type: 'MX' | 'A' | 'AAAA' | 'TXT'): Promise<unknown[]>;
    };
  }): Promise<ExchangerConnection>;
}
