package dev.gatehouse.client;

/** The client of Kaie. */
public final class Kaie extends GatehouseClient {
  /** Its configuration, also for {@link Webhooks}. */
  public static final Platform PLATFORM = Platform.preset("kaie");

  private Kaie(Settings settings) {
    super(settings);
  }

  /** Say who calls, or set the environment variables that begin with {@code KAIE_}. */
  public static Builder<Kaie> builder() {
    return new Builder<>(PLATFORM, Kaie::new);
  }
}
