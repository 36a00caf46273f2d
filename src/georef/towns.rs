//! Towns to say a place by: "near Delft" means more than two numbers.
//!
//! Middles of towns to a hundredth of a degree (about 1 km), by hand; the larger ones of the Netherlands, evenly spread,
//! and of its neighbours. Not for measuring.

/// Name in Dutch, degrees east, degrees north. What others call them stands in the texts of their language.
const TOWNS: [(&str, f64, f64); 112] = [
    ("Alkmaar", 4.75, 52.63),
    ("Almelo", 6.66, 52.36),
    ("Almere", 5.22, 52.37),
    ("Alphen aan den Rijn", 4.66, 52.13),
    ("Amersfoort", 5.39, 52.16),
    ("Amstelveen", 4.86, 52.31),
    ("Amsterdam", 4.90, 52.37),
    ("Apeldoorn", 5.97, 52.21),
    ("Arnhem", 5.91, 51.98),
    ("Assen", 6.56, 53.00),
    ("Barneveld", 5.58, 52.14),
    ("Bergen op Zoom", 4.29, 51.49),
    ("Breda", 4.78, 51.59),
    ("Bronckhorst", 6.30, 52.08),
    ("Coevorden", 6.74, 52.66),
    ("De Koog", 4.77, 53.10),
    ("Delft", 4.36, 52.01),
    ("Delfzijl", 6.92, 53.33),
    ("Den Bosch", 5.31, 51.69),
    ("Den Haag", 4.31, 52.07),
    ("Den Helder", 4.76, 52.96),
    ("Deventer", 6.16, 52.25),
    ("Doetinchem", 6.29, 51.97),
    ("Dokkum", 6.00, 53.33),
    ("Dordrecht", 4.67, 51.81),
    ("Drachten", 6.10, 53.11),
    ("Dronten", 5.72, 52.53),
    ("Ede", 5.67, 52.04),
    ("Eindhoven", 5.48, 51.44),
    ("Emmeloord", 5.75, 52.71),
    ("Emmen", 6.90, 52.79),
    ("Enkhuizen", 5.29, 52.70),
    ("Enschede", 6.89, 52.22),
    ("Goes", 3.89, 51.50),
    ("Gorinchem", 4.97, 51.83),
    ("Gouda", 4.71, 52.01),
    ("Groningen", 6.57, 53.22),
    ("Haaksbergen", 6.74, 52.16),
    ("Haarlem", 4.64, 52.38),
    ("Hardenberg", 6.62, 52.58),
    ("Harderwijk", 5.62, 52.34),
    ("Heerenveen", 5.92, 52.96),
    ("Heerhugowaard", 4.83, 52.67),
    ("Heerlen", 5.98, 50.89),
    ("Helmond", 5.66, 51.48),
    ("Hengelo", 6.79, 52.27),
    ("Hilversum", 5.18, 52.22),
    ("Hoofddorp", 4.69, 52.30),
    ("Hoogeveen", 6.48, 52.73),
    ("Hoorn", 5.06, 52.64),
    ("Hulst", 4.05, 51.28),
    ("Kampen", 5.91, 52.56),
    ("Leeuwarden", 5.80, 53.20),
    ("Leiden", 4.49, 52.16),
    ("Lelystad", 5.47, 52.52),
    ("Maastricht", 5.69, 50.85),
    ("Meppel", 6.19, 52.70),
    ("Middelburg", 3.61, 51.50),
    ("Nieuwegein", 5.09, 52.03),
    ("Nijmegen", 5.86, 51.84),
    ("Oldenzaal", 6.93, 52.31),
    ("Oosterhout", 4.86, 51.64),
    ("Oss", 5.52, 51.77),
    ("Purmerend", 4.96, 52.51),
    ("Roermond", 5.99, 51.19),
    ("Roosendaal", 4.46, 51.53),
    ("Rotterdam", 4.48, 51.92),
    ("Schagen", 4.79, 52.79),
    ("Sittard", 5.87, 51.00),
    ("Sneek", 5.66, 53.03),
    ("Spijkenisse", 4.33, 51.85),
    ("Stadskanaal", 6.95, 52.99),
    ("Steenwijk", 6.12, 52.79),
    ("Terneuzen", 3.83, 51.33),
    ("Tiel", 5.43, 51.89),
    ("Tilburg", 5.09, 51.56),
    ("Uden", 5.62, 51.66),
    ("Utrecht", 5.12, 52.09),
    ("Veenendaal", 5.56, 52.03),
    ("Venlo", 6.17, 51.37),
    ("Venray", 5.97, 51.53),
    ("Vlissingen", 3.57, 51.44),
    ("Weert", 5.71, 51.25),
    ("Winschoten", 7.04, 53.14),
    ("Winterswijk", 6.72, 51.97),
    ("Woerden", 4.88, 52.09),
    ("Zaandam", 4.83, 52.44),
    ("Zierikzee", 3.92, 51.65),
    ("Zoetermeer", 4.49, 52.06),
    ("Zutphen", 6.20, 52.14),
    ("Zwolle", 6.09, 52.51),
    ("Antwerpen", 4.40, 51.22),
    ("Brugge", 3.22, 51.21),
    ("Brussel", 4.35, 50.85),
    ("Charleroi", 4.44, 50.41),
    ("Gent", 3.72, 51.05),
    ("Hasselt", 5.34, 50.93),
    ("Leuven", 4.70, 50.88),
    ("Luik", 5.57, 50.63),
    ("Namen", 4.87, 50.47),
    ("Turnhout", 4.94, 51.32),
    ("Luxemburg", 6.13, 49.61),
    ("Rijsel", 3.06, 50.63),
    ("Aken", 6.08, 50.78),
    ("Düsseldorf", 6.78, 51.23),
    ("Emden", 7.21, 53.37),
    ("Essen", 7.01, 51.46),
    ("Keulen", 6.96, 50.94),
    ("Kleef", 6.14, 51.79),
    ("Meppen", 7.29, 52.69),
    ("Münster", 7.63, 51.96),
    ("Nordhorn", 7.07, 52.43),
];
/// Farther from every town a place is said in degrees, kilometres.
const MAX_KM: f64 = 60.0;
/// Kilometres to a degree of latitude.
const KM_PER_DEG: f64 = 111.2;

/// The nearest town to a place in degrees, by its Dutch name, and how far it is in kilometres; `None` far from all of them.
pub fn nearest_town(lon_deg: f64, lat_deg: f64) -> Option<(&'static str, f64)> {
    let away = |(_, lon, lat): &(&str, f64, f64)| {
        let east = (lon - lon_deg) * lat_deg.to_radians().cos();
        east.hypot(lat - lat_deg) * KM_PER_DEG
    };
    let nearest = TOWNS.iter().min_by(|a, b| away(a).total_cmp(&away(b)))?;
    let km = away(nearest);
    (km <= MAX_KM).then_some((nearest.0, km))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::georef::{RdNap, lon_lat_h_from_rd_nap};

    #[test]
    fn a_place_is_named_by_the_town_beside_it() {
        let place = lon_lat_h_from_rd_nap(RdNap {
            x_m: 251_000.0,
            y_m: 476_250.0,
            nap_m: 0.0,
        })
        .unwrap();
        let (town, km) = nearest_town(place.lon_deg, place.lat_deg).unwrap();
        assert!(town == "Hengelo" && km < 3.0, "{town} {km}");
        assert_eq!(nearest_town(-73.6, 45.5), None);
        assert_eq!(nearest_town(f64::NAN, 52.0), None);
        let [west, south, east, north] = [2.0, 49.0, 8.5, 54.5];
        for (name, lon, lat) in TOWNS {
            assert!((west..east).contains(&lon) && (south..north).contains(&lat), "{name}");
            assert_eq!(nearest_town(lon, lat).unwrap().0, name);
        }
    }
}
