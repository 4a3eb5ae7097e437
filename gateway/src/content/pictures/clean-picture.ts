/** A picture without what a camera wrote into it; sizes as displayed. */
export type CleanPicture = { bytes: Buffer; width: number; height: number };
