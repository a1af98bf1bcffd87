package dev.gatehouse.client;

import java.util.List;

/**
 * Who calls, as the gate knows it. Null: not known, or none.
 *
 * @param kind of credential: api_key, access_token, service_jwt and so on
 * @param id of the credential
 */
public record Principal(
    String kind,
    String id,
    String subject,
    String organizationId,
    String environment,
    List<String> scopes,
    String plan) {
  /** Whether it has every one of them. */
  public boolean hasScopes(String... wanted) {
    return scopes.containsAll(List.of(wanted));
  }
}
