/**
 * For tests: pictures that decode, with everything in them that must not reach a phone. JPEG, PNG and TIFF are made here;
 * nothing here can make a HEIC, so that one stands below as libheif's heif-enc wrote it: 640×480, red (200, 30, 30) under a
 * Display P3 profile with a blue field at the top left, and an EXIF that names somebody.
 */
import sharp, { type Sharp } from 'sharp';

export const EXIF_NAME = 'SECRET DESSAINT';

export const RED = { r: 200, g: 30, b: 30 };

/** Of one colour; `mark` puts a blue field into the top left corner, as large as a quarter of each side. */
export function plainPicture(width: number, height: number, mark = false): Sharp {
  const picture = sharp({ create: { width, height, channels: 3, background: RED }, limitInputPixels: false });
  const blue = { r: 0, g: 0, b: 255 };
  const create = { width: width >> 2, height: height >> 2, channels: 3, background: blue } as const;
  return mark ? picture.composite([{ input: { create }, top: 0, left: 0 }]) : picture;
}

const EXIF = { IFD0: { ImageDescription: EXIF_NAME } };

/** A JPEG with EXIF and a Display P3 profile, turned as a phone held on its side has it. */
export const cameraJpeg = (width: number, height: number, orientation = 1): Promise<Buffer> =>
  plainPicture(width, height, true).withIccProfile('p3').withExif(EXIF).withMetadata({ orientation }).jpeg().toBuffer();

export const HEIC = Buffer.from(
  [
    'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAA25tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAA',
    'AAAAABAAAANGlsb2MAAAAAREAAAgABAAAAAAOSAAEAAAAAAAAChQACAAAAAAYXAAEAAAAAAAAA1AAAADhpaW5mAAAAAAACAAAAFWluZmUCAAAA',
    'AAEAAGh2YzEAAAAAFWluZmUCAAABAAIAAEV4aWYAAAACrWlwcnAAAAKOaXBjbwAAAHZodmNDAQNwAAAAAAAAAAAAWvAA/P34+AAADwMgAAEAGE',
    'ABDAH//wNwAAADAJAAAAMAAAMAWroCQCEAAQApQgEBA3AAAAMAkAAAAwAAAwBaoAUCAeFlupJKa5sCAAADAAIAAAMAAhAiAAEAB0QBwXKwYkAA',
    'AAAUaXNwZQAAAAAAAAKAAAAB4AAAAexjb2xycHJvZgAAAeBsY21zBCAAAG1udHJSR0IgWFlaIAfiAAMAFAAJAA4AHWFjc3BNU0ZUAAAAAHNhd3',
    'NjdHJsAAAAAAAAAAAAAAAAAAD21gABAAAAANMtaGFuZILiqHKLij/3JT65ku4k1q4AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACmRl',
    'c2MAAAD8AAAAJGNwcnQAAAEgAAAAInd0cHQAAAFEAAAAFGNoYWQAAAFYAAAALHJYWVoAAAGEAAAAFGdYWVoAAAGYAAAAFGJYWVoAAAGsAAAAFH',
    'JUUkMAAAHAAAAAIGdUUkMAAAHAAAAAIGJUUkMAAAHAAAAAIG1sdWMAAAAAAAAAAQAAAAxlblVTAAAACAAAABwAcwBQADMAQ21sdWMAAAAAAAAA',
    'AQAAAAxlblVTAAAABgAAABwAQwBDADAAAFhZWiAAAAAAAAD21gABAAAAANMtc2YzMgAAAAAAAQxCAAAF3v//8yUAAAeTAAD9kP//+6H///5OAA',
    'ADmgAAwBRYWVogAAAAAAAAg98AAD2/AAAAAFhZWiAAAAAAAABKvwAAsTcAAAq1WFlaIAAAAAAAACg4AAARCgAAyHhwYXJhAAAAAAADAAAAAmZp',
    'AADypwAADVkAABPQAAAKWwAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQKDhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAA',
    'ADYW1kYXQAAAKBKAGvCcQImJq/HBwbGoBjXsWzRy6r//+KB///f0HkP0aDjoON1IXdcNG7xjNDr+OOC3FvlQMcHG0gidjlWcGj/xVlHSj7yv/H',
    'HGkaHIigk61ZNzhUaCs5FPylrIPtP84ycGowPBZOTd4bxILKXKzF1o6J4Y9Wh4AGdPQEEwLMAIGFkPULAIxSG+yDY2jMsUAd+oUOXkXAGoAAMw',
    'AAAwAAAwAAAwAALeCk/c+VOvS578v/uqgGMvW7p0EL2O1hmf5oGfZf/kS9fVt+W2PThVhBpc75nLT0y4e2xo3lJTdazakv+jeGjfFZLvT29Zl4',
    '9/PwGWAAAsAABh2P1ovjQf2jysKIu5ITsGjNeF0non2Chs99Nq5Ui4hJbI8WNnH/+U96vqxUeLJmYU54pm7Yr3xNAAADAAADAAADAAADAAADAA',
    'APyIQQr+4nb/WDE9nmE5YW5lO0rm9XaVj5o8EfmUZfmUbQ1mJkofZPxfYJzp+S/f9rBpEXKuNtuXbDgnMe35nU5Prt986zbc217s3xNnEBi7lO',
    '9JB1+/roCy1/vpwQmGcp6qoDvZlOIrv7kHm0NVR+rKtHcImzsuktZBfX/VsmNjNH7gLtyewg/zrg1N0uUv/A+CTqlQXIncqEMGxLQ2tAg3IPXQ',
    'swXi0Yewzo/SwVYAAAAwAAAwAAAwAAAwAAAwAJiJMAANEACpAAAAMAAAMAAAMAAAMAAAMAAAMAAH5AhwAAAwAAAwAAAwAAAwAAAwAAAwAAAwAA',
    'AwAAQsAAAAMAAAMAAAMAAAMAAAMAAAMAAAMAAAMAAHRAAAADAAADAAADAAADAAADAAADAAADAAADAA8IAAADAAADAAADAAADAjoAAAAASUkqAA',
    'gAAAAHAA4BAgAQAAAAcgAAABIBAwABAAAAAQAAABoBBQABAAAAYgAAABsBBQABAAAAagAAACgBAwABAAAAAgAAABMCAwABAAAAAQAAAGmHBAAB',
    'AAAAggAAAAAAAAA4YwAA6AMAADhjAADoAwAAU0VDUkVUIERFU1NBSU5UAAYAAJAHAAQAAAAwMjEwAZEHAAQAAAABAgMAAKAHAAQAAAAwMTAwAa',
    'ADAAEAAAD//wAAAqAEAAEAAACAAgAAA6AEAAEAAADgAQAAAAAAAA==',
  ].join(''),
  'base64',
);
