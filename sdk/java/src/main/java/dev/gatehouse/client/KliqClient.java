package dev.gatehouse.client;

/** The client of Kliq. */
public final class KliqClient extends GatehouseClient {
  /** Its configuration, also for {@link Webhooks}. */
  public static final Platform PLATFORM = Platform.preset("kliq");

  private KliqClient(Settings settings) {
    super(settings);
  }

  /** Say who calls, or set the environment variables that begin with {@code KLIQ_}. */
  public static Builder<KliqClient> builder() {
    return new Builder<>(PLATFORM, KliqClient::new);
  }
}
