/**
 * What pdfkit does not tell of a font it embeds, and what PDF/A-1 wants of it: which characters it has, how wide they
 * are, and a subset whose CIDSet and widths name every glyph in the font program (ISO 19005-1 §6.3.5, §6.3.6). pdfkit
 * leaves out the parts of composed glyphs (the accent of `é`), which come into the program only when it is written.
 *
 * The one file that looks inside pdfkit; `exchange-pdf.test.ts` has the result judged by foreign tools.
 */

interface Glyph {
  readonly advanceWidth: number;
  readonly codePoints: readonly number[];
  _decode(): {
    readonly numberOfContours: number;
    readonly components?: readonly { readonly glyphID: number }[];
  } | null;
}

interface Position {
  readonly xAdvance: number;
  readonly yAdvance: number;
  readonly xOffset: number;
  readonly yOffset: number;
  readonly advanceWidth: number;
}
interface Run {
  readonly glyphs: readonly Glyph[];
  readonly positions: readonly Position[];
  readonly advanceWidth: number;
}

interface InnerFont {
  /** Thousandths of the font size for one unit of the font. */
  readonly scale: number;
  readonly widths: number[];
  readonly unicode: (readonly number[])[];
  layoutRun(text: string, features?: object): Run;
  readonly subset: { readonly glyphs: readonly number[]; includeGlyph(id: number): number };
  readonly font: {
    hasGlyphForCodePoint(codePoint: number): boolean;
    glyphForCodePoint(codePoint: number): Glyph;
    getGlyph(id: number): Glyph;
  };
}

export interface EmbeddedFont {
  hasGlyph(codePoint: number): boolean;
  /** In units of the font size. */
  widthOf(text: string): number;
  /** To be called when all text is written. */
  complete(): void;
}

const UNMAPPED = 0xfffd;
/** What needs no shaping: a letter is a glyph. Marks that stand alone, and other scripts, do. */
const PLAIN = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}]*$/u;

/** The font that was chosen last. */
export function currentFont(document: object): EmbeddedFont {
  const inner = (document as { readonly _font?: InnerFont })._font;
  if (inner?.subset?.includeGlyph === undefined) throw new TypeError('a font that is not embedded');
  drawPlainTextPlainly(inner);
  const widths = new Map<number, number>();
  const advance = (codePoint: number): number => {
    const known = widths.get(codePoint);
    if (known !== undefined) return known;
    const width = (inner.font.glyphForCodePoint(codePoint).advanceWidth * inner.scale) / 1000;
    widths.set(codePoint, width);
    return width;
  };
  return {
    hasGlyph: (codePoint) => inner.font.hasGlyphForCodePoint(codePoint),
    widthOf: (text) => {
      let width = 0;
      for (const character of text) width += advance(character.codePointAt(0) ?? 0);
      return width;
    },
    complete: () => completeSubset(inner),
  };
}

/**
 * Without kerning and ligatures, which take fontkit forty seconds for a megabyte of text; what is drawn is as wide as it
 * was measured, and what is copied out of it is what was put in.
 */
function drawPlainTextPlainly(inner: InnerFont): void {
  const shaped = inner.layoutRun.bind(inner);
  inner.layoutRun = (text, features) => (PLAIN.test(text) ? plainRun(inner, text) : shaped(text, features));
}

function plainRun({ font, scale }: InnerFont, text: string): Run {
  const glyphs = Array.from(text, (character) => font.glyphForCodePoint(character.codePointAt(0) ?? 0));
  const positions = glyphs.map((glyph): Position => {
    const width = glyph.advanceWidth * scale;
    return { xAdvance: width, yAdvance: 0, xOffset: 0, yOffset: 0, advanceWidth: width };
  });
  return { glyphs, positions, advanceWidth: positions.reduce((sum, { xAdvance }) => sum + xAdvance, 0) };
}

function completeSubset({ subset, font, widths, unicode, scale }: InnerFont): void {
  for (let index = 0; index < subset.glyphs.length; index += 1) {
    const glyph = font.getGlyph(subset.glyphs[index] ?? 0);
    const outline = glyph._decode();
    for (const { glyphID } of outline?.components ?? []) subset.includeGlyph(glyphID);
    widths[index] = glyph.advanceWidth * scale;
    unicode[index] ??= glyph.codePoints.length === 0 ? [UNMAPPED] : glyph.codePoints;
  }
}
