package dev.gatehouse.client;

/** The client of Klen. */
public final class Klen extends GatehouseClient {
  /** Its configuration, also for {@link Webhooks}. */
  public static final Platform PLATFORM = Platform.preset("klen");

  private Klen(Settings settings) {
    super(settings);
  }

  /** Say who calls, or set the environment variables that begin with {@code KLEN_}. */
  public static Builder<Klen> builder() {
    return new Builder<>(PLATFORM, Klen::new);
  }
}
