/**
 * A boolean of an XML attribute (XML Schema part 2 §3.2.2: `true`, `1`, `false`, `0`). A denial that is overlooked turns a
 * result into its contrary.
 */

export const isTrue = (written: string): boolean => /^(?:true|1)$/i.test(written.trim());
export const isFalse = (written: string): boolean => /^(?:false|0)$/i.test(written.trim());
