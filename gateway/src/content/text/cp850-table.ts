/**
 * Code page 850 ("DOS Latin 1"), bytes 0x80–0xFF: laboratory software born under MS-DOS still writes it, and
 * TextDecoder does not know it. Source: Unicode consortium, MAPPINGS/VENDORS/MICSFT/PC/CP850.TXT.
 */

const CP850_UPPER_HALF = [
  'ÇüéâäàåçêëèïîìÄÅ',
  'ÉæÆôöòûùÿÖÜø£Ø×ƒ',
  'áíóúñÑªº¿®¬½¼¡«»',
  '░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐',
  '└┴┬├─┼ãÃ╚╔╩╦╠═╬¤',
  'ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀',
  'ÓßÔÒõÕµþÞÚÛÙýÝ¯´',
  '\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
].join('');

/** One character per byte; ASCII stays itself. */
export function decodeCp850(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += 0x8000) {
    const slice = bytes.subarray(start, start + 0x8000);
    const codes = Array.from(slice, (byte) => (byte < 0x80 ? byte : CP850_UPPER_HALF.charCodeAt(byte - 0x80)));
    pieces.push(String.fromCharCode(...codes));
  }
  return pieces.join('');
}
