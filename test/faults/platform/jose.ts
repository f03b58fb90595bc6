/** Of `jose` what signs run tokens, without cryptography: nobody in the simulation checks a token, it only has to name its claim. */
export const importJWK = async (key: unknown): Promise<unknown> => key;

export class SignJWT {
  readonly #claims: Record<string, unknown>;

  constructor(claims: Record<string, unknown>) {
    this.#claims = claims;
  }

  setSubject(subject: string): this {
    this.#claims.sub = subject;
    return this;
  }

  setProtectedHeader = (): this => this;
  setIssuer = (): this => this;
  setAudience = (): this => this;
  setIssuedAt = (): this => this;
  setExpirationTime = (): this => this;
  sign = async (): Promise<string> => JSON.stringify(this.#claims);
}
