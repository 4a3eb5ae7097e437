/**
 * The app's icon, drawn once as polygons on a 512 × 512 field and given in the two forms that browsers want: SVG for
 * the tab, PNG for home screens. The PNG is painted here (four samples each way per pixel) and packed with zlib, so
 * that no picture tool is needed to build.
 */
import { crc32, deflateSync } from 'node:zlib';

type Point = readonly [number, number];
type Colour = readonly [number, number, number];

const TEAL: Colour = [10, 99, 106];
const WHITE: Colour = [255, 255, 255];
const PALE: Colour = [190, 226, 226];
const FIELD = 512;
/** Samples each way per pixel. */
const SAMPLES = 4;

export type IconShape = 'rounded' | 'full' | 'maskable';

/** An envelope on its way: three strokes of speed, the letter, its flap. Painted in this order. */
const SHAPES: readonly { readonly colour: Colour; readonly points: readonly Point[] }[] = [
  {
    colour: PALE,
    points: [
      [72, 196],
      [150, 196],
      [143, 220],
      [65, 220],
    ],
  },
  {
    colour: PALE,
    points: [
      [92, 244],
      [137, 244],
      [130, 268],
      [85, 268],
    ],
  },
  {
    colour: PALE,
    points: [
      [44, 292],
      [123, 292],
      [116, 316],
      [37, 316],
    ],
  },
  {
    colour: WHITE,
    points: [
      [188, 152],
      [452, 152],
      [396, 360],
      [132, 360],
    ],
  },
  {
    colour: TEAL,
    points: [
      [188, 152],
      [206, 152],
      [296, 252],
      [434, 152],
      [452, 152],
      [449, 166],
      [293, 279],
      [184, 167],
    ],
  },
];

export function iconSvg(): string {
  const shapes = SHAPES.map(({ colour, points }) => `<path fill="rgb(${colour})" d="M${points.join('L')}Z"/>`);
  const ground = `<rect width="512" height="512" rx="96" fill="rgb(${TEAL})"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">${ground}${shapes.join('')}</svg>`;
}

/** A square PNG; `maskable` keeps the drawing inside the safe circle (W3C manifest: 40 % radius) and fills the corners. */
export function iconPng(pixels: number, shape: IconShape): Buffer {
  const rows = Buffer.alloc((pixels * 4 + 1) * pixels);
  for (let y = 0; y < pixels; y += 1) {
    for (let x = 0; x < pixels; x += 1)
      rows.set(pixelAt(x, y, FIELD / pixels, shape), y * (pixels * 4 + 1) + 1 + x * 4);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(pixels, 0);
  head.writeUInt32BE(pixels, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND')]);
}

/** One pixel as RGBA. Where its four corners agree it is of one colour; only edges are sampled in full. */
function pixelAt(x: number, y: number, step: number, shape: IconShape): number[] {
  const sample = (i: number, j: number): Colour | null => {
    const at: Point = [(x + (i + 0.5) / SAMPLES) * step, (y + (j + 0.5) / SAMPLES) * step];
    if (shape === 'rounded' && !insideRounded(at)) return null;
    return colourAt(shape === 'maskable' ? shrink(at) : at);
  };
  const last = SAMPLES - 1;
  const corners = [sample(0, 0), sample(last, 0), sample(0, last), sample(last, last)];
  if (corners.every((colour) => colour === corners[0])) return mix(corners.slice(0, 1));
  return mix(Array.from({ length: SAMPLES ** 2 }, (_, i) => sample(i % SAMPLES, Math.floor(i / SAMPLES))));
}

function mix(samples: readonly (Colour | null)[]): number[] {
  const painted = samples.filter((colour) => colour !== null);
  const mean = (channel: 0 | 1 | 2): number =>
    Math.round(painted.reduce((sum, colour) => sum + colour[channel], 0) / Math.max(1, painted.length));
  return [mean(0), mean(1), mean(2), Math.round((255 * painted.length) / samples.length)];
}

function shrink([x, y]: Point): Point {
  const centre = FIELD / 2;
  return [centre + (x - centre) * 1.25, centre + (y - centre) * 1.25];
}

function colourAt(at: Point): Colour {
  return SHAPES.findLast(({ points }) => inside(at, points))?.colour ?? TEAL;
}

function insideRounded([x, y]: Point): boolean {
  const radius = 96;
  const dx = Math.max(radius - x, x - (FIELD - radius), 0);
  const dy = Math.max(radius - y, y - (FIELD - radius), 0);
  return dx * dx + dy * dy <= radius * radius;
}

/** Even-odd rule. */
function inside([x, y]: Point, points: readonly Point[]): boolean {
  let within = false;
  let [x1, y1] = points.at(-1) ?? [0, 0];
  for (const [x2, y2] of points) {
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
    x1 = x2;
    y1 = y2;
  }
  return within;
}

function chunk(name: string, content: Buffer = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), content]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([frame, named, sum]);
}
