import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CookieJar } from 'tough-cookie';

/** Where the cookies of a login are kept, encrypted, so that a restart need not log in anew. */
export interface JarFileOptions {
  /** Its folder must exist. */
  readonly file: string;
  /** 32 bytes in base64, or a passphrase: from the environment, never from the code. */
  readonly key: string;
}

const MARK = Buffer.from('DWJAR1');
const SIZES = { salt: 16, iv: 12, tag: 16 } as const;
const CIPHER = 'aes-256-gcm';
const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/** A cookie jar on disk: AES-256-GCM, readable by its owner only. */
export class JarFile {
  private readonly salt = randomBytes(SIZES.salt);
  private ownKey: Promise<Buffer> | undefined;
  private saving: Promise<void> = Promise.resolve();

  /** @param owner - whose login it is, and where: a jar of somebody else is not read. */
  constructor(
    private readonly options: JarFileOptions,
    private readonly owner: string,
  ) {}

  /**
   * Read the jar.
   *
   * @returns undefined when there is none, or none that this key and this owner can read: it is
   *   removed then.
   */
  async load(): Promise<CookieJar | undefined> {
    const bytes = await readFile(this.options.file).catch(() => undefined);
    if (bytes === undefined) return undefined;
    try {
      return CookieJar.fromJSON(await this.decrypted(bytes));
    } catch {
      await rm(this.options.file, { force: true }).catch(() => undefined);
      return undefined;
    }
  }

  /** Write the jar, in one step; a failure is a warning, because the login itself is there. */
  save(jar: CookieJar): Promise<void> {
    const text = JSON.stringify(jar.toJSON());
    this.saving = this.saving.then(() => this.write(text)).catch(warn);
    return this.saving;
  }

  private async write(text: string): Promise<void> {
    const { file } = this.options;
    const draft = `${file}.${randomUUID()}`;
    try {
      await writeFile(draft, await this.encrypted(text), { mode: 0o600, flag: 'wx' });
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  private async encrypted(text: string): Promise<Buffer> {
    const iv = randomBytes(SIZES.iv);
    this.ownKey ??= this.keyFor(this.salt);
    const cipher = createCipheriv(CIPHER, await this.ownKey, iv);
    cipher.setAAD(Buffer.from(this.owner));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([MARK, this.salt, iv, cipher.getAuthTag(), body]);
  }

  private async decrypted(bytes: Buffer): Promise<string> {
    let at = 0;
    const take = (length: number): Buffer => bytes.subarray(at, (at += length));
    if (!take(MARK.length).equals(MARK)) throw new Error('This is no jar');
    const [salt, iv, tag] = [take(SIZES.salt), take(SIZES.iv), take(SIZES.tag)];
    const decipher = createDecipheriv(CIPHER, await this.keyFor(salt), iv);
    decipher.setAAD(Buffer.from(this.owner)).setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(at)), decipher.final()]).toString('utf8');
  }

  /** 32 bytes as they are; anything else is a passphrase. */
  private async keyFor(salt: Buffer): Promise<Buffer> {
    const { key } = this.options;
    const isKey = /^[A-Za-z0-9+/]{43}=$/.test(key);
    return isKey ? Buffer.from(key, 'base64') : await derive(key, salt, 32);
  }
}

function warn(error: unknown): void {
  const { code = 'unknown failure' } = error as NodeJS.ErrnoException;
  process.emitWarning(`The cookies of the login could not be kept: ${code}`);
}
