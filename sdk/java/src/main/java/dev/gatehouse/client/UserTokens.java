package dev.gatehouse.client;

import java.time.Instant;

/**
 * Tokens of one sign-in. They print without the tokens.
 *
 * @param refreshToken good once; null if there is none: whoever has email and password signs in anew
 */
public record UserTokens(String accessToken, String refreshToken, Instant expiresAt) {
  @Override
  public String toString() {
    return "UserTokens[until " + expiresAt + "]";
  }
}
