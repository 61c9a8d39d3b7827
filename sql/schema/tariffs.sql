-- What energy costs at a site, from when to when.

--: function _argo_key_range
-- Core PostgreSQL has no GiST operator class for the equality of texts, and btree_gist is an extension that the owner of
-- tables may not be allowed to create; a range of a single number has one. Texts do not share an MD5 by accident.
CREATE FUNCTION @extschema@._argo_key_range(key text)
RETURNS numrange
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    digest CONSTANT text := md5(key);
    number CONSTANT numeric := ('x' || left(digest, 16))::bit(64)::bigint::numeric * 18446744073709551616
                               + ('x' || right(digest, 16))::bit(64)::bigint::numeric;
BEGIN
    RETURN numrange(number, number, '[]');
END
$$;
COMMENT ON FUNCTION @extschema@._argo_key_range(text) IS
    'A range of one number that stands for a text: two overlap where the texts are equal, which an exclusion constraint can ask without btree_gist.';

--: function _argo_kwh_per_unit
CREATE FUNCTION @extschema@._argo_kwh_per_unit(unit text)
RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE unit
        WHEN 'kWh' THEN 1::double precision
        WHEN 'MWh' THEN 1000
        WHEN 'MJ' THEN 1 / 3.6::double precision
        WHEN 'GJ' THEN 1000 / 3.6::double precision
        WHEN 'MMBtu' THEN 1055.05585262::double precision / 3.6
        WHEN 'ton-hour' THEN 12.66067023144::double precision / 3.6 END;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_kwh_per_unit(text) IS
    'kWh of a unit of energy: kWh, MWh, MJ, GJ, MMBtu, ton-hour; NULL for any other, such as klb of steam or m3, whose energy depends on pressure and temperature. 1 kWh is 3.6 MJ; 1 MMBtu is a million Btu (IT) of 1055.05585262 J, and 1 ton-hour of refrigeration 12,000 of them (NIST SP 811, appendix B.8).';

--: function _argo_check_time_of_use
CREATE FUNCTION @extschema@._argo_check_time_of_use(bands jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shape CONSTANT text := 'It must be an array of '
        || '{"name": "peak", "weekdays": [1, 2, 3, 4, 5], "start": 13, "end": 19, "rate": 0.25}: weekdays from 1 (Monday) to 7, '
        || 'whole hours of the site''s clock from 0 to 24, start before end, a rate of 0 or from 1e-12 to 1e12. Nothing was written.';
    band jsonb;
    is_bad boolean;
    twice text;
BEGIN
    IF jsonb_typeof(bands) <> 'array' OR bands = '[]' THEN
        RAISE EXCEPTION 'invalid time_of_use of a tariff: %', left(bands::text, 80)
            USING ERRCODE = '23514', DETAIL = shape, HINT = 'Leave time_of_use out where all hours cost the rate of the tariff.';
    END IF;
    FOR band IN SELECT b.value FROM jsonb_array_elements(bands) AS b (value) LOOP
        is_bad := jsonb_typeof(band) <> 'object';
        IF NOT is_bad THEN
            is_bad := (SELECT array_agg(k.key ORDER BY k.key) FROM jsonb_object_keys(band) AS k (key))
                          IS DISTINCT FROM ARRAY['end', 'name', 'rate', 'start', 'weekdays']
                OR jsonb_typeof(band -> 'name') IS DISTINCT FROM 'string'
                OR coalesce(band ->> 'start', '') !~ '^[0-9]{1,2}$' OR coalesce(band ->> 'end', '') !~ '^[0-9]{1,2}$'
                OR jsonb_typeof(band -> 'start') <> 'number' OR jsonb_typeof(band -> 'end') <> 'number'
                OR jsonb_typeof(band -> 'rate') <> 'number' OR jsonb_typeof(band -> 'weekdays') <> 'array'
                OR band -> 'weekdays' = '[]';
        END IF;
        IF NOT is_bad THEN
            is_bad := (band ->> 'start')::integer >= (band ->> 'end')::integer OR (band ->> 'end')::integer > 24
                OR NOT ((band ->> 'rate')::numeric = 0 OR (band ->> 'rate')::numeric BETWEEN 1e-12 AND 1e12)
                OR EXISTS (SELECT FROM jsonb_array_elements(band -> 'weekdays') AS w (day)
                           WHERE jsonb_typeof(w.day) <> 'number' OR w.day::text !~ '^[1-7]$');
        END IF;
        IF is_bad THEN
            RAISE EXCEPTION 'invalid time_of_use of a tariff: %', left(band::text, 80)
                USING ERRCODE = '23514', DETAIL = shape,
                      HINT = 'A band over midnight is two: one to 24 and one from 0, on the next weekdays.';
        END IF;
    END LOOP;
    SELECT format('"%s" and "%s"', a.band ->> 'name', b.band ->> 'name') INTO twice
    FROM jsonb_array_elements(bands) WITH ORDINALITY AS a (band, place)
    JOIN jsonb_array_elements(bands) WITH ORDINALITY AS b (band, place) ON b.place > a.place
    WHERE (a.band ->> 'start')::integer < (b.band ->> 'end')::integer
      AND (b.band ->> 'start')::integer < (a.band ->> 'end')::integer
      AND EXISTS (SELECT FROM jsonb_array_elements(a.band -> 'weekdays') AS w (day) WHERE b.band -> 'weekdays' @> w.day)
    ORDER BY a.place, b.place
    LIMIT 1;
    IF twice IS NOT NULL THEN
        RAISE EXCEPTION 'bands of time_of_use overlap: %', twice
            USING ERRCODE = '23514', DETAIL = 'An hour of a weekday would have two rates. Nothing was written.',
                  HINT = 'Have one end where the other starts, or give them other weekdays.';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_check_time_of_use(jsonb) IS
    'Raises 23514 for bands that are none, or that overlap.';

--: function _argo_hourly_rates
CREATE FUNCTION @extschema@._argo_hourly_rates(rate double precision, bands jsonb)
RETURNS double precision[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT array_agg(coalesce((
            SELECT (b.band ->> 'rate')::double precision FROM jsonb_array_elements(bands) AS b (band)
            WHERE b.band -> 'weekdays' @> (h.hour / 24 + 1)::text::jsonb
              AND h.hour % 24 >= (b.band ->> 'start')::integer AND h.hour % 24 < (b.band ->> 'end')::integer
            LIMIT 1), rate) ORDER BY h.hour)
        FROM generate_series(0, 167) AS h (hour));
END
$$;
COMMENT ON FUNCTION @extschema@._argo_hourly_rates(double precision, jsonb) IS
    'The rates of the 168 hours of a week from Monday 00:00 on; NULL without bands.';

--: function _argo_check_validity
CREATE FUNCTION @extschema@._argo_check_validity(what text, valid_from date, valid_to date)
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    far date;
BEGIN
    IF valid_from >= valid_to THEN
        RAISE EXCEPTION 'a % must end after it begins, not on %', what, valid_to
            USING ERRCODE = '23514',
                  DETAIL = format('It begins on %s, and valid_to is the first day after it. Nothing was written.', valid_from),
                  HINT = 'Give a later valid_to, or NULL for until further notice.';
    END IF;
    -- Not every day that a date can be is one in every zone.
    SELECT d.day INTO far FROM unnest(ARRAY[valid_from, valid_to]) AS d (day)
    WHERE isfinite(d.day) AND NOT d.day BETWEEN '0001-01-01' AND '9999-12-31'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a % may begin and end from 0001-01-01 to 9999-12-31, not on %', what, far
            USING ERRCODE = '23514', DETAIL = 'Nothing was written.',
                  HINT = 'Give NULL for valid_from, always, or for valid_to, until further notice.';
    END IF;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_check_validity(text, date, date) IS
    'Raises 23514 for a range of days, of a tariff or a mapping, that ends before it begins, or out of time.';

--: table tariffs
CREATE TABLE @extschema@.tariffs (
    tariff_id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    site_id text NOT NULL REFERENCES @extschema@.organizations (organization_id) ON UPDATE CASCADE ON DELETE CASCADE,
    utility text NOT NULL CHECK (utility IN ('electricity', 'steam', 'cold_water')),
    unit text NOT NULL DEFAULT 'kWh',
    kwh_per_unit double precision NOT NULL CHECK (kwh_per_unit BETWEEN 1e-12 AND 1e12),
    rate double precision NOT NULL CHECK (rate = 0 OR rate BETWEEN 1e-12 AND 1e12),
    currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date,
    valid_to date,
    time_of_use jsonb,
    hourly_rates double precision[] GENERATED ALWAYS AS (@extschema@._argo_hourly_rates(rate, time_of_use)) STORED,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT tariffs_valid_check CHECK (valid_from < valid_to),
    CONSTRAINT tariffs_one_in_force EXCLUDE USING gist (
        @extschema@._argo_key_range(site_id) WITH &&, @extschema@._argo_key_range(utility) WITH &&,
        daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE @extschema@.tariffs IS
    'What a utility costs at a site from one day to another. At most one is in force on a day; days without one have no cost (NULL). A change marks the days it touches for argo_refresh().';
COMMENT ON COLUMN @extschema@.tariffs.site_id IS 'organizations.organization_id.';
COMMENT ON COLUMN @extschema@.tariffs.utility IS 'electricity, steam or cold_water.';
COMMENT ON COLUMN @extschema@.tariffs.unit IS
    'Unit that the rate is for: kWh, MWh, MJ, GJ, MMBtu, ton-hour, or any other with its kwh_per_unit.';
COMMENT ON COLUMN @extschema@.tariffs.kwh_per_unit IS
    'kWh in a unit, by which energy_kwh of the readings is divided. Filled in for the units named; must be given for others, such as klb or m3.';
COMMENT ON COLUMN @extschema@.tariffs.rate IS 'Price of a unit, 0 or from 1e-12 to 1e12, in the currency; of the hours that no band of time_of_use names.';
COMMENT ON COLUMN @extschema@.tariffs.currency IS 'ISO 4217, such as USD; one for all tariffs of a site.';
COMMENT ON COLUMN @extschema@.tariffs.valid_from IS 'First day, on the site''s clock; NULL: always.';
COMMENT ON COLUMN @extschema@.tariffs.valid_to IS 'The first day after it; NULL: until further notice.';
COMMENT ON COLUMN @extschema@.tariffs.time_of_use IS
    'Bands of the day with rates of their own: [{"name": "peak", "weekdays": [1, 2, 3, 4, 5], "start": 13, "end": 19, "rate": 0.25}], ISO weekdays and whole hours of the site''s clock, none twice; NULL: none.';
COMMENT ON COLUMN @extschema@.tariffs.hourly_rates IS 'What follows from rate and time_of_use: the rates of the 168 hours of a week from Monday 00:00 on.';
ANALYZE @extschema@.tariffs;

--: function _argo_check_tariff
CREATE FUNCTION @extschema@._argo_check_tariff()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fixed CONSTANT double precision := @extschema@._argo_kwh_per_unit(NEW.unit);
    other record;
BEGIN
    IF NEW.utility NOT IN ('electricity', 'steam', 'cold_water') THEN
        RAISE EXCEPTION 'unknown utility %', quote_literal(left(NEW.utility, 60))
            USING ERRCODE = '23514', DETAIL = 'Nothing was written.', HINT = 'Use one of: electricity, steam, cold_water.';
    END IF;
    -- Further ones overflow, or vanish, in what is computed of them.
    IF NOT (NEW.rate = 0 OR NEW.rate BETWEEN 1e-12 AND 1e12) THEN
        RAISE EXCEPTION 'a rate must be 0, or from 1e-12 to 1e12, not %', NEW.rate
            USING ERRCODE = '23514', DETAIL = 'It is the price of a unit. Nothing was written.',
                  HINT = 'Give the price of a unit, such as 0.12.';
    END IF;
    IF NEW.currency !~ '^[A-Z]{3}$' THEN
        RAISE EXCEPTION 'a currency is three capital letters, not %', quote_literal(left(NEW.currency, 60))
            USING ERRCODE = '23514', DETAIL = 'Nothing was written.', HINT = 'Use a code of ISO 4217, such as USD.';
    END IF;
    PERFORM @extschema@._argo_check_validity('tariff', NEW.valid_from, NEW.valid_to);
    IF NEW.kwh_per_unit IS NULL THEN
        IF fixed IS NULL AND NEW.unit IS NOT NULL THEN
            RAISE EXCEPTION 'unit % has no fixed number of kWh', quote_literal(left(NEW.unit, 60))
                USING ERRCODE = '23514',
                      DETAIL = 'Readings are kWh, and a rate for another unit needs to know how many. Nothing was written.',
                      HINT = 'Give kwh_per_unit, or use one of: kWh, MWh, MJ, GJ, MMBtu, ton-hour.';
        END IF;
        NEW.kwh_per_unit := fixed;
    ELSIF NEW.kwh_per_unit NOT BETWEEN 1e-12 AND 1e12 THEN
        RAISE EXCEPTION 'kwh_per_unit must be from 1e-12 to 1e12, not %', NEW.kwh_per_unit
            USING ERRCODE = '23514', DETAIL = 'Nothing was written.', HINT = 'Give the kWh in a unit of the tariff.';
    ELSIF abs(NEW.kwh_per_unit - fixed) > 1e-6 * fixed THEN
        RAISE EXCEPTION 'unit % has % kWh, not %', quote_literal(NEW.unit), fixed, NEW.kwh_per_unit
            USING ERRCODE = '23514', DETAIL = 'Nothing was written.',
                  HINT = 'Leave kwh_per_unit NULL, or give the unit another name.';
    END IF;
    IF NEW.time_of_use IS NOT NULL THEN
        PERFORM @extschema@._argo_check_time_of_use(NEW.time_of_use);
    END IF;
    -- The constraint would refuse it as well, without saying what to do.
    SELECT t.tariff_id, t.valid_from, t.valid_to INTO other
    FROM @extschema@.tariffs AS t
    WHERE t.site_id = NEW.site_id AND t.utility = NEW.utility
      AND daterange(t.valid_from, t.valid_to) && daterange(NEW.valid_from, NEW.valid_to)
      -- INSERT ... ON CONFLICT is not in its own way; a second row of the same number is refused by the key.
      AND t.tariff_id <> CASE TG_OP WHEN 'INSERT' THEN NEW.tariff_id ELSE OLD.tariff_id END
    ORDER BY t.valid_from NULLS FIRST
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'two tariffs for % of site % at once', NEW.utility, quote_literal(NEW.site_id)
            USING ERRCODE = '23P01',
                  DETAIL = format('Tariff %s is in force from %s to %s. Nothing was written.', other.tariff_id,
                                  coalesce(other.valid_from::text, 'ever'), coalesce(other.valid_to::text, 'further notice')),
                  HINT = CASE WHEN other.valid_from > coalesce(NEW.valid_from, '-infinity')
                              THEN format('Give yours valid_to = %L, or first type DELETE FROM @extschema@.tariffs WHERE tariff_id = %s;',
                                          other.valid_from, other.tariff_id)
                              WHEN coalesce(NEW.valid_from, '-infinity') = coalesce(other.valid_from, '-infinity')
                              THEN format('Change that one, or first type DELETE FROM @extschema@.tariffs WHERE tariff_id = %s;',
                                          other.tariff_id)
                              ELSE format('First type UPDATE @extschema@.tariffs SET valid_to = %L WHERE tariff_id = %s;',
                                          NEW.valid_from, other.tariff_id) END;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_check_tariff() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_check_tariff() IS
    'Row trigger on tariffs: refuses what makes no sense (23514, 23P01) and fills in kwh_per_unit. Runs as its owner.';

--: trigger _argo_tariffs_checked
CREATE TRIGGER _argo_tariffs_checked
    BEFORE INSERT OR UPDATE ON @extschema@.tariffs
    FOR EACH ROW EXECUTE FUNCTION @extschema@._argo_check_tariff();
COMMENT ON TRIGGER _argo_tariffs_checked ON @extschema@.tariffs IS 'Refuses tariffs that make no sense.';
