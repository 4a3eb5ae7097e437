/** The text of `demo/README.txt`: the whole exchange by hand, with openssl and swaks. */

/** Written at each start, so that it always fits this version. */
export function demoReadme(): string {
  return `Estafette demo: the exchange by hand
====================================

You are Dr Claire MARTIN (folder doctor/). The pharmacy (folder pharmacy/) is hosted by the gateway; its private
key is sealed there. Everything in this folder is fictive. Run the commands in this folder.

1. A letter, signed by the doctor and encrypted to the pharmacy:

   printf 'Content-Type: text/plain; charset=utf-8\\n\\nBonjour, pouvez-vous confirmer la dispensation ?\\n' > letter.txt
   openssl cms -sign -in letter.txt -signer doctor/cert.pem -inkey doctor/key.pem -md sha256 \\
     | openssl cms -encrypt -aes-256-cbc -from "Dr Claire MARTIN <claire.martin@cabinet.example>" \\
         -to pharmacie.halles@officine.example -subject "Dispensation" pharmacy/cert.pem > letter.eml

2. Sent over SMTP with STARTTLS (the port is the one "npm start" printed):

   swaks --server 127.0.0.1:2525 --tls --from claire.martin@cabinet.example \\
     --to pharmacie.halles@officine.example --data @letter.eml

   Leave out -encrypt or -sign and see how the app marks what is missing. Change a byte and see it quarantined.

3. Answer it in the web app, or in a terminal:

   npx estafette chat pharmacie.halles@officine.example

4. The answer lies in doctor/Maildir/new. Open and verify it:

   openssl cms -decrypt -in doctor/Maildir/new/* -recip doctor/cert.pem -inkey doctor/key.pem \\
     | openssl cms -verify -CAfile ca.pem -purpose any

5. File the conversation in the patient's record from the app (or with /filing in the terminal). What was filed lies in
   dossier/Maildir/new, for the pharmacy's own software:

   openssl cms -decrypt -in dossier/Maildir/new/* -recip dossier/cert.pem -inkey dossier/key.pem \\
     | openssl cms -verify -CAfile ca.pem -purpose any

6. Why was a letter shown as it was?   npx estafette inspect letter.eml --for pharmacie.halles@officine.example
   Where is a letter?                  npx estafette trace ltr_…   (the id is in the 250 answer)

Or all of it at once: npx estafette demo
`;
}
