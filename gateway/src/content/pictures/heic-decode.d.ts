/** heic-decode brings no types of its own: what decode-heic.ts uses of it. */
declare module 'heic-decode' {
  interface HeicPicture {
    readonly width: number;
    readonly height: number;
    /** RGBA, eight bits, upright. */
    readonly decode: () => Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
  }
  const decodeHeic: {
    /** The pictures of a file, not decoded yet; rejects when it is no HEIC. */
    readonly all: (given: { buffer: Uint8Array }) => Promise<HeicPicture[] & { readonly dispose: () => void }>;
  };
  export default decodeHeic;
}
