package dev.gatehouse.client;

/** The client of Kloakd. */
public final class Kloakd extends GatehouseClient {
  /** Its configuration, also for {@link Webhooks}. */
  public static final Platform PLATFORM = Platform.preset("kloakd");

  private Kloakd(Settings settings) {
    super(settings);
  }

  /** Say who calls, or set the environment variables that begin with {@code KLOAKD_}. */
  public static Builder<Kloakd> builder() {
    return new Builder<>(PLATFORM, Kloakd::new);
  }
}
