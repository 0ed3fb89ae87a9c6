//! Altinn's rights API: who may do what for whom, on Altinn 3 (access management) and Altinn 2 (HAL+JSON).
