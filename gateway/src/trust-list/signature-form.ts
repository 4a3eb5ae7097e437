/**
 * The one form of signature that a trust list has (XML Signature Syntax and Processing, enveloped): RSA with SHA-256
 * over the whole document. Checked element by element before any library looks at it, so that no other algorithm, no
 * reference to a part, no further transform and no bare key can be offered: what is not exactly this is refused.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { LIST_NAMESPACE, LIST_ROOT, SIGNATURE_NAMESPACE } from './canonical-list.ts';
import { ListRefused } from './list-refused.ts';
import { scanXml, type XmlElement } from './xml-scan.ts';

export const ALGORITHMS = {
  canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  enveloped: 'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
} as const;

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** An element as it must be: its attributes exactly, its children exactly, in order; `base64`: text and no children. */
interface Form {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly Form[];
  readonly isBase64?: boolean;
}

const algorithm = (name: string, value: string): Form => ({ name, attributes: { Algorithm: value } });
const base64 = (name: string): Form => ({ name, isBase64: true });

const FORM: Form = {
  name: 'Signature',
  children: [
    {
      name: 'SignedInfo',
      children: [
        algorithm('CanonicalizationMethod', ALGORITHMS.canonicalization),
        algorithm('SignatureMethod', ALGORITHMS.signature),
        {
          name: 'Reference',
          attributes: { URI: '' },
          children: [
            {
              name: 'Transforms',
              children: [
                algorithm('Transform', ALGORITHMS.enveloped),
                algorithm('Transform', ALGORITHMS.canonicalization),
              ],
            },
            algorithm('DigestMethod', ALGORITHMS.digest),
            base64('DigestValue'),
          ],
        },
      ],
    },
    base64('SignatureValue'),
    { name: 'KeyInfo', children: [{ name: 'X509Data', children: [base64('X509Certificate')] }] },
  ],
};

const wrong = (detail: string): ListRefused => new ListRefused('list-signature-form', detail);

/** Attributes that say nothing about the signature are let be; an id only serves references, and there is but one. */
function attributesOf(element: XmlElement): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { prefix, local, value } of element.attributes)
    if (prefix !== '' || local !== 'Id') found[prefix === '' ? local : `${prefix}:${local}`] = value;
  return found;
}

function treeOf(signatureAlone: string): Node {
  const top: Node = { name: '', attributes: {}, children: [], text: '' };
  const stack = [top];
  scanXml(signatureAlone, {
    open(element) {
      const isRoot = stack.length === 1 && element.local === LIST_ROOT && element.namespace === LIST_NAMESPACE;
      if (!isRoot && element.namespace !== SIGNATURE_NAMESPACE) throw wrong(`<${element.local}> of another namespace`);
      const node: Node = { name: element.local, attributes: attributesOf(element), children: [], text: '' };
      stack.at(-1)?.children.push(node);
      stack.push(node);
    },
    text(piece) {
      const node = stack.at(-1);
      if (node !== undefined) node.text += piece;
    },
    close: () => void stack.pop(),
  });
  const signature = top.children[0]?.children[0];
  if (signature === undefined) throw wrong('no signature');
  return signature;
}

function check(node: Node, form: Form): void {
  if (node.name !== form.name) throw wrong(`<${node.name.slice(0, 40)}> where <${form.name}> belongs`);
  const wanted = form.attributes ?? {};
  const names = Object.keys(node.attributes);
  if (names.length !== Object.keys(wanted).length || names.some((name) => node.attributes[name] !== wanted[name]))
    throw wrong(`the attributes of <${form.name}>`);
  const children = form.children ?? [];
  if (node.children.length !== children.length) throw wrong(`what <${form.name}> consists of`);
  if (form.isBase64 === true ? !/^[A-Za-z0-9+/= \t\r\n]+$/.test(node.text) : node.text.trim() !== '')
    throw wrong(`the text of <${form.name}>`);
  for (const [at, child] of children.entries()) check(node.children[at] as Node, child);
}

/** The certificate in a signature of the one form, DER; throws `ListRefused`. */
export function signerCertificate(signatureAlone: string): Buffer {
  const signature = treeOf(signatureAlone);
  check(signature, FORM);
  // Java writes base64 in lines that end in a carriage return, which XML carries as &#13;.
  const text = signature.children[2]?.children[0]?.children[0]?.text.replace(/[ \t\r\n]/g, '') ?? '';
  const certificate = Buffer.from(text, 'base64');
  if (certificate.length > TRUST_LIST_LIMITS.certificateMaxBytes) throw wrong('the certificate is too large');
  return certificate;
}
