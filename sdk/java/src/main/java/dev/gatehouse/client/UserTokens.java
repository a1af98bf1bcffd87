package dev.gatehouse.client;

import java.time.Instant;

/**
 * Tokens of one sign-in. They print without the tokens.
 *
 * @param refreshToken good once; null if there is none
 */
public record UserTokens(String accessToken, String refreshToken, Instant expiresAt) {
  @Override
  public String toString() {
    return "UserTokens[until " + expiresAt + "]";
  }
}
