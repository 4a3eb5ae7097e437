/*
 * RecipientInfos of Bouncy Castle, written and read: RSA key transport, ECDH and X25519 key agreement.
 * Version 1.72 has neither RFC 8418 (X25519 with HKDF) nor a reader of AuthEnvelopedData by key agreement; the two inner
 * classes make them from its primitives, so that even there nothing of Estafette judges Estafette.
 */
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cms.IssuerAndSerialNumber;
import org.bouncycastle.asn1.cms.KeyAgreeRecipientIdentifier;
import org.bouncycastle.asn1.cms.OriginatorPublicKey;
import org.bouncycastle.asn1.cms.RecipientEncryptedKey;
import org.bouncycastle.asn1.cms.ecc.ECCCMSSharedInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.KeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.KeyTransRecipientInformation;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.RecipientInformationStore;
import org.bouncycastle.cms.RecipientOperator;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.bouncycastle.jcajce.io.CipherInputStream;
import org.bouncycastle.operator.GenericKey;
import org.bouncycastle.operator.InputAEADDecryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;

final class BouncyRecipients {
  private static final String PROVIDER = BouncyCastle.PROVIDER;

  /** A generator for one recipient: its key says which kind, the wish says how. */
  static RecipientInfoGenerator sealFor(BouncyCastle.Identity recipient, Map<String, String> wish)
      throws Exception {
    X509Certificate certificate = recipient.certificate();
    boolean named = "key-identifier".equals(wish.get("named"));
    if (certificate.getPublicKey().getAlgorithm().equals("X25519")) return X25519Sender.to(certificate);
    if (certificate.getPublicKey() instanceof ECPublicKey key) {
      KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC", PROVIDER);
      pairs.initialize(key.getParams());
      KeyPair pair = pairs.generateKeyPair();
      JceKeyAgreeRecipientInfoGenerator generator =
          new JceKeyAgreeRecipientInfoGenerator(
              new ASN1ObjectIdentifier(wish.get("agreement")), pair.getPrivate(), pair.getPublic(),
              new ASN1ObjectIdentifier(wish.get("wrap")));
      generator.setProvider(PROVIDER);
      return named ? generator.addRecipient(recipient.keyIdentifier(), key) : generator.addRecipient(certificate);
    }
    AlgorithmIdentifier transport = transport(wish);
    JceKeyTransRecipientInfoGenerator generator =
        named
            ? new JceKeyTransRecipientInfoGenerator(recipient.keyIdentifier(), transport, certificate.getPublicKey())
            : new JceKeyTransRecipientInfoGenerator(certificate, transport);
    return generator.setProvider(PROVIDER);
  }

  private static AlgorithmIdentifier transport(Map<String, String> wish) throws Exception {
    if (!wish.containsKey("oaep")) return new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption);
    PSource label =
        wish.containsKey("label") ? new PSource.PSpecified(wish.get("label").getBytes()) : PSource.PSpecified.DEFAULT;
    MGF1ParameterSpec mask = new MGF1ParameterSpec(wish.get("mask"));
    return new JcaAlgorithmParametersConverter()
        .getAlgorithmIdentifier(
            PKCSObjectIdentifiers.id_RSAES_OAEP, new OAEPParameterSpec(wish.get("oaep"), "MGF1", mask, label));
  }

  /** The content, for the only recipient. */
  static byte[] open(RecipientInformationStore recipients, PrivateKey key, boolean authenticated) throws Exception {
    RecipientInformation recipient = recipients.iterator().next();
    if (recipient instanceof KeyTransRecipientInformation)
      return recipient.getContent(
          authenticated
              ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider(PROVIDER)
              : new JceKeyTransEnvelopedRecipient(key).setProvider(PROVIDER));
    return recipient.getContent(new AgreedRecipient(key, authenticated).setProvider(PROVIDER));
  }

  /** Agrees on the key as Bouncy Castle does, or by X25519; reads AuthEnvelopedData as it does after key transport. */
  private static final class AgreedRecipient extends JceKeyAgreeEnvelopedRecipient {
    private final PrivateKey key;
    private final boolean authenticated;

    AgreedRecipient(PrivateKey key, boolean authenticated) {
      super(key);
      this.key = key;
      this.authenticated = authenticated;
    }

    @Override
    protected Key extractSecretKey(
        AlgorithmIdentifier agreement, AlgorithmIdentifier content, SubjectPublicKeyInfo sender, ASN1OctetString ukm,
        byte[] encryptedKey)
        throws CMSException {
      if (!key.getAlgorithm().equals("X25519"))
        return super.extractSecretKey(agreement, content, sender, ukm, encryptedKey);
      try {
        PublicKey ephemeral =
            KeyFactory.getInstance("X25519", PROVIDER).generatePublic(new X509EncodedKeySpec(sender.getEncoded()));
        return X25519.unwrap(key, ephemeral, AlgorithmIdentifier.getInstance(agreement.getParameters()), encryptedKey);
      } catch (IOException | GeneralSecurityException error) {
        throw new CMSException("X25519", error);
      }
    }

    @Override
    public RecipientOperator getRecipientOperator(
        AlgorithmIdentifier agreement, AlgorithmIdentifier content, SubjectPublicKeyInfo sender, ASN1OctetString ukm,
        byte[] encryptedKey)
        throws CMSException {
      if (!authenticated) return super.getRecipientOperator(agreement, content, sender, ukm, encryptedKey);
      Cipher cipher =
          contentHelper.createContentCipher(extractSecretKey(agreement, content, sender, ukm, encryptedKey), content);
      return new RecipientOperator(
          new InputAEADDecryptor() {
            public AlgorithmIdentifier getAlgorithmIdentifier() {
              return content;
            }

            public InputStream getInputStream(InputStream encrypted) {
              return new CipherInputStream(encrypted, cipher);
            }

            public OutputStream getAADStream() {
              return new OutputStream() {
                public void write(int octet) {
                  cipher.updateAAD(new byte[] {(byte) octet});
                }
              };
            }

            public byte[] getMAC() {
              return new byte[0]; // the cipher checks the tag itself
            }
          });
    }
  }

  /** RFC 8418: X25519, HKDF with SHA-256 over ECC-CMS-SharedInfo (§2.2) without ukm, AES key wrap. */
  private static final class X25519 {
    private static Cipher wrapper(int mode, PrivateKey own, PublicKey other, AlgorithmIdentifier wrap)
        throws IOException, GeneralSecurityException {
      KeyAgreement exchange = KeyAgreement.getInstance("X25519", PROVIDER);
      exchange.init(own);
      exchange.doPhase(other, true);
      byte[] wrappingKey = new byte[wrap.getAlgorithm().equals(CMSAlgorithm.AES128_WRAP) ? 16 : 32];
      byte[] keyBits = ByteBuffer.allocate(4).putInt(8 * wrappingKey.length).array();
      byte[] shared = new ECCCMSSharedInfo(wrap, keyBits).getEncoded(ASN1Encoding.DER);
      HKDFBytesGenerator derivation = new HKDFBytesGenerator(new SHA256Digest());
      derivation.init(new HKDFParameters(exchange.generateSecret(), null, shared));
      derivation.generateBytes(wrappingKey, 0, wrappingKey.length);
      Cipher cipher = Cipher.getInstance("AESWrap", PROVIDER);
      cipher.init(mode, new SecretKeySpec(wrappingKey, "AES"));
      return cipher;
    }

    static Key unwrap(PrivateKey own, PublicKey ephemeral, AlgorithmIdentifier wrap, byte[] encryptedKey)
        throws IOException, GeneralSecurityException {
      return wrapper(Cipher.UNWRAP_MODE, own, ephemeral, wrap).unwrap(encryptedKey, "AES", Cipher.SECRET_KEY);
    }
  }

  /** Agrees by X25519 with an ephemeral key and AES-256 key wrap. */
  private static final class X25519Sender extends KeyAgreeRecipientInfoGenerator {
    private static final ASN1ObjectIdentifier STANDARD_DH_HKDF_SHA256 =
        new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.3.19");
    private final X509Certificate recipient;
    private final KeyPair pair;

    private X25519Sender(X509Certificate recipient, KeyPair pair) {
      super(
          STANDARD_DH_HKDF_SHA256, SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()),
          CMSAlgorithm.AES256_WRAP);
      this.recipient = recipient;
      this.pair = pair;
    }

    static X25519Sender to(X509Certificate recipient) throws GeneralSecurityException {
      return new X25519Sender(recipient, KeyPairGenerator.getInstance("X25519", PROVIDER).generateKeyPair());
    }

    @Override
    protected OriginatorPublicKey createOriginatorPublicKey(SubjectPublicKeyInfo key) {
      return new OriginatorPublicKey(key.getAlgorithm(), key.getPublicKeyData().getBytes());
    }

    @Override
    protected byte[] getUserKeyingMaterial(AlgorithmIdentifier agreement) {
      return null;
    }

    @Override
    protected ASN1Sequence generateRecipientEncryptedKeys(
        AlgorithmIdentifier agreement, AlgorithmIdentifier wrap, GenericKey contentKey) throws CMSException {
      try {
        Cipher cipher = X25519.wrapper(Cipher.WRAP_MODE, pair.getPrivate(), recipient.getPublicKey(), wrap);
        Object raw = contentKey.getRepresentation();
        byte[] wrapped = cipher.wrap(raw instanceof Key key ? key : new SecretKeySpec((byte[]) raw, "AES"));
        IssuerAndSerialNumber name =
            new IssuerAndSerialNumber(new JcaX509CertificateHolder(recipient).toASN1Structure());
        return new DERSequence(
            new RecipientEncryptedKey(new KeyAgreeRecipientIdentifier(name), new DEROctetString(wrapped)));
      } catch (IOException | GeneralSecurityException error) {
        throw new CMSException("X25519", error);
      }
    }
  }
}
