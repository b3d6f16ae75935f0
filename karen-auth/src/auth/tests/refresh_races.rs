//! Clients that lose answers, race in several tabs and come back late, and thieves among them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::RefreshToken;

const RACES: u64 = 150;
const RACES_TO_PROVE: u64 = 100_000;
const STEPS: usize = 6;
const TABS_MAX: usize = 4;
const HOUR_MS: u64 = 60 * 60 * 1_000;
/// For which any token of a session is forgiven after its last refresh.
const GRACE_MS: u64 = 10_000;

/// An honest client of one session.
struct Client<'a> {
    house: &'a House,
    token: RefreshToken,
    random: StdRng,
}

impl<'a> Client<'a> {
    async fn of(house: &'a House, seed: u64) -> Self {
        Self {
            house,
            token: house.log_in("owner").await.refresh,
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn pause(&mut self, ms_max: u64) {
        let ms = self.random.random_range(0..ms_max);
        self.house.wait(Duration::from_millis(ms));
    }

    /// Refreshes in some tabs at once, which all learn of the answers.
    async fn refresh(&mut self, tabs: usize) {
        let answers = (0..tabs).map(|_| {
            let (auth, token) = (self.house.auth.clone(), self.token.clone());
            tokio::spawn(async move { auth.refresh(token.expose()).await })
        });
        for answer in answers.collect::<Vec<_>>() {
            let answer = answer.await.expect("no panic");
            self.token = answer.expect("nobody is logged out").refresh;
        }
    }

    /// Does one of the things that happen to clients.
    async fn step(&mut self) {
        match self.random.random_range(0..4) {
            0 => self.refresh(1).await,
            1 => {
                let tabs = self.random.random_range(2..=TABS_MAX);
                self.refresh(tabs).await;
            }
            2 => {
                let lost = self.house.auth.refresh(self.token.expose()).await;
                lost.expect("nobody is logged out");
            }
            _ => {
                let slow = self.token.clone();
                self.refresh(1).await;
                self.refresh(1).await;
                self.pause(GRACE_MS);
                let late = self.house.auth.refresh(slow.expose()).await;
                self.token = late.expect("nobody is logged out").refresh;
            }
        }
        self.pause(12 * HOUR_MS);
    }
}

fn races() -> u64 {
    match std::env::var_os("KAREN_PROVE") {
        Some(_) => RACES_TO_PROVE,
        None => RACES,
    }
}

#[tokio::test]
async fn no_race_and_no_lost_answer_logs_anybody_out() {
    let (house, _) = owned().await;
    for seed in 0..races() {
        let mut client = Client::of(&house, seed).await;
        for _ in 0..STEPS {
            client.step().await;
        }
    }
}

/// Whoever of the two is two refreshes ahead, the other's next call tells that there are two.
#[tokio::test]
async fn every_theft_ends_the_session_for_both() {
    let (house, _) = owned().await;
    for seed in 0..races() {
        let mut ahead = Client::of(&house, seed).await;
        for _ in 0..ahead.random.random_range(0..STEPS) {
            ahead.step().await;
        }
        let behind = ahead.token.clone();
        for _ in 0..ahead.random.random_range(3..=STEPS) {
            ahead.refresh(1).await;
        }
        house.wait(Duration::from_millis(GRACE_MS));
        ahead.pause(12 * HOUR_MS);
        let noticed = house.auth.refresh(behind.expose()).await;
        assert_kind(noticed, AuthErrorKind::Unauthenticated);
        let ended = house.auth.refresh(ahead.token.expose()).await;
        assert_kind(ended, AuthErrorKind::Unauthenticated);
    }
}
