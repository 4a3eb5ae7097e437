/** For tests: the segments of an HPRIM Santé file of a fictive patient, one of each kind. */

export const H =
  'H|~^\\&|FICTIF1.HPR||LAB~LABORATOIRE DES TILLEULS|1 PLACE DES ESSAIS|ORU|0300000001||CAB~CABINET DES LILAS||P|H2.1~C|202601120905';
export const P = 'P|1|398|B1042||DESSAINT~Marguerite|ESSAI|19410314|F||8 RUE DES TILLEULS~~ARMENTIERES~~59280';
export const OBR =
  'OBR|1|ECH1~|~B26-104512|HEMO~Hémostase~L|S||202601120742||||N|||202601120800||MG1~Dr Claire MARTIN~L|0300000002||||||||F';
export const INR = 'OBX|1|NM|INR~INR~L||6.8||2.0 - 3.0|HH|||F|||202601120900|BIO1';
