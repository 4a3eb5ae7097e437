/*
 * Bouncy Castle as a correspondent: signs, encrypts and compresses entities with its S/MIME generators, and opens and
 * verifies the mails that Estafette seals. Reads one command per line, `verb name=value …`, and answers each with
 * `ok` or `no` and the reason. An identity is a PEM file with a certificate and perhaps its PKCS#8 key.
 */
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.mail.Session;
import javax.mail.internet.InternetHeaders;
import javax.mail.internet.MimeBodyPart;
import javax.mail.internet.MimeMessage;
import javax.mail.internet.MimeMultipart;
import javax.mail.internet.MimePart;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.ZlibCompressor;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.mail.smime.SMIMECompressedGenerator;
import org.bouncycastle.mail.smime.SMIMEEnveloped;
import org.bouncycastle.mail.smime.SMIMEEnvelopedGenerator;
import org.bouncycastle.mail.smime.SMIMESigned;
import org.bouncycastle.mail.smime.SMIMESignedGenerator;
import org.bouncycastle.mail.smime.SMIMEUtil;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.OutputEncryptor;

public final class BouncyCastle {
  static final String PROVIDER = "BC";
  private static final Session SESSION = Session.getInstance(new Properties());

  record Identity(X509Certificate certificate, PrivateKey key) {
    static Identity read(String file) throws Exception {
      X509Certificate certificate = null;
      PrivateKey key = null;
      try (PEMParser parser = new PEMParser(new FileReader(file))) {
        for (Object one = parser.readObject(); one != null; one = parser.readObject()) {
          if (one instanceof X509CertificateHolder holder)
            certificate = new JcaX509CertificateConverter().setProvider(PROVIDER).getCertificate(holder);
          else key = new JcaPEMKeyConverter().setProvider(PROVIDER).getPrivateKey((PrivateKeyInfo) one);
        }
      }
      return new Identity(certificate, key);
    }

    byte[] keyIdentifier() {
      byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
      return ASN1OctetString.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getOctets();
    }
  }

  public static void main(String[] none) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split(" ");
      Map<String, String> wish = new HashMap<>();
      for (String word : Arrays.asList(words).subList(1, words.length))
        wish.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
      try {
        obey(words[0], wish);
        System.out.println("ok");
      } catch (Exception error) {
        System.out.println("no " + String.valueOf(error).replaceAll("\\s+", " "));
      }
    }
  }

  private static void obey(String verb, Map<String, String> wish) throws Exception {
    Path in = Path.of(wish.get("in"));
    try (OutputStream out = Files.newOutputStream(Path.of(wish.get("out")))) {
      switch (verb) {
        case "sign" -> write(sign(readPart(in), wish), out);
        case "encrypt" -> write(encrypt(readPart(in), wish), out);
        case "compress" -> write(new SMIMECompressedGenerator().generate(readPart(in), new ZlibCompressor()), out);
        case "open" -> open(new MimeMessage(SESSION, Files.newInputStream(in)), wish).writeTo(out);
        default -> throw new IllegalArgumentException(verb);
      }
    }
  }

  private static MimeBodyPart readPart(Path file) throws Exception {
    return new MimeBodyPart(Files.newInputStream(file));
  }

  /** Writes what a generator made; multipart/signed gets its header from a message around it. */
  private static void write(Object made, OutputStream out) throws Exception {
    if (made instanceof MimeBodyPart part) {
      part.writeTo(out);
      return;
    }
    MimeMessage message = new MimeMessage(SESSION);
    message.setContent((MimeMultipart) made);
    message.saveChanges();
    message.writeTo(out, new String[] {"Message-ID"});
  }

  private static Object sign(MimeBodyPart entity, Map<String, String> wish) throws Exception {
    SMIMESignedGenerator generator = new SMIMESignedGenerator(SMIMESignedGenerator.RFC5751_MICALGS);
    String[] algorithms = wish.get("algorithms").split(",");
    String[] files = wish.get("signers").split(",");
    for (int at = 0; at < files.length; at++) {
      Identity signer = Identity.read(files[at]);
      JcaSimpleSignerInfoGeneratorBuilder builder = new JcaSimpleSignerInfoGeneratorBuilder().setProvider(PROVIDER);
      builder.setDirectSignature("no".equals(wish.get("attributes")));
      generator.addSignerInfoGenerator(
          "key-identifier".equals(wish.get("named"))
              ? builder.build(algorithms[at], signer.key(), signer.keyIdentifier())
              : builder.build(algorithms[at], signer.key(), signer.certificate()));
      if (!"no".equals(wish.get("certificates")))
        generator.addCertificates(new JcaCertStore(List.of(signer.certificate())));
    }
    return "detached".equals(wish.get("form")) ? generator.generate(entity) : generator.generateEncapsulated(entity);
  }

  private static MimeBodyPart encrypt(MimeBodyPart entity, Map<String, String> wish) throws Exception {
    OutputEncryptor encryptor =
        new JceCMSContentEncryptorBuilder(new ASN1ObjectIdentifier(wish.get("content"))).setProvider(PROVIDER).build();
    SMIMEEnvelopedGenerator enveloped = new SMIMEEnvelopedGenerator();
    CMSAuthEnvelopedDataGenerator authEnveloped = new CMSAuthEnvelopedDataGenerator();
    for (String file : wish.get("recipients").split(",")) {
      RecipientInfoGenerator recipient = BouncyRecipients.sealFor(Identity.read(file), wish);
      enveloped.addRecipientInfoGenerator(recipient);
      authEnveloped.addRecipientInfoGenerator(recipient);
    }
    if (!(encryptor instanceof OutputAEADEncryptor authenticated)) return enveloped.generate(entity, encryptor);
    // 1.72 has no S/MIME generator for AuthEnvelopedData, only the CMS one.
    ByteArrayOutputStream clear = new ByteArrayOutputStream();
    entity.writeTo(clear);
    byte[] sealed =
        authEnveloped.generate(new CMSProcessableByteArray(clear.toByteArray()), authenticated).getEncoded();
    InternetHeaders head = new InternetHeaders();
    head.addHeader("Content-Type", "application/pkcs7-mime; smime-type=authEnveloped-data; name=smime.p7m");
    head.addHeader("Content-Transfer-Encoding", "base64");
    return new MimeBodyPart(head, Base64.getMimeEncoder().encode(sealed));
  }

  /** Takes off every layer; each signature must verify, by a certificate of the authority. */
  private static MimePart open(MimePart part, Map<String, String> wish) throws Exception {
    if (part.isMimeType("multipart/signed"))
      return open(verified(new SMIMESigned((MimeMultipart) part.getContent()), wish), wish);
    if (!part.isMimeType("application/pkcs7-mime")) return part;
    if (part.getContentType().contains("signed-data")) return open(verified(new SMIMESigned(part), wish), wish);
    PrivateKey key = Identity.read(wish.get("recipient")).key();
    byte[] clear =
        part.getContentType().contains("authEnveloped-data")
            ? BouncyRecipients.open(new CMSAuthEnvelopedData(part.getInputStream()).getRecipientInfos(), key, true)
            : BouncyRecipients.open(new SMIMEEnveloped((MimeMessage) part).getRecipientInfos(), key, false);
    return open(SMIMEUtil.toMimeBodyPart(clear), wish);
  }

  private static MimePart verified(SMIMESigned signed, Map<String, String> wish) throws Exception {
    X509Certificate authority = Identity.read(wish.get("authority")).certificate();
    if (signed.getSignerInfos().size() == 0) throw new GeneralSecurityException("nobody signed");
    for (SignerInformation signer : signed.getSignerInfos()) {
      X509CertificateHolder holder =
          (X509CertificateHolder) signed.getCertificates().getMatches(signer.getSID()).iterator().next();
      X509Certificate certificate = new JcaX509CertificateConverter().setProvider(PROVIDER).getCertificate(holder);
      certificate.checkValidity();
      certificate.verify(authority.getPublicKey(), PROVIDER);
      if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER).build(certificate)))
        throw new GeneralSecurityException("the signature is wrong");
    }
    return signed.getContent();
  }
}
